package dev.vmplane.api;

import dev.vmplane.model.Guard;
import dev.vmplane.model.Refusal;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.util.HashSet;
import java.util.regex.Pattern;

/** The generation of a job as HTTP has it: an entity tag, given with answers and asked for by If-Match (RFC 9110, 13.1.1). */
final class IfMatch {
    private static final Pattern TAG = Pattern.compile("(W/)?\"([\\x21\\x23-\\x7e]*)\"");
    private static final Pattern GENERATION = Pattern.compile("[1-9][0-9]{0,17}");

    private IfMatch() {}

    static String tag(long generation) {
        return "\"" + generation + "\"";
    }

    /** What a request asks of the job it writes; a tag that is no generation matches none, as one that is weak does. */
    static Guard of(MultiMap headers) {
        var lines = headers.getAll(HttpHeaders.IF_MATCH);
        if (lines.isEmpty()) {
            return Guard.NONE;
        }
        var text = String.join(",", lines).trim();
        if (text.equals("*")) {
            return Guard.THERE;
        }
        var generations = new HashSet<Long>();
        for (var item : text.split(",", -1)) {
            var tag = TAG.matcher(item.trim());
            if (!tag.matches()) {
                throw malformed();
            }
            if (tag.group(1) == null && GENERATION.matcher(tag.group(2)).matches()) {
                generations.add(Long.parseLong(tag.group(2)));
            }
        }
        return Guard.of(generations);
    }

    private static RuntimeException malformed() {
        return new Refusal(
                        Refusal.Kind.BAD_INPUT,
                        "bad_header",
                        "If-Match",
                        "If-Match must be * or a generation in quotation marks, such as \"3\", as the ETag of an answer is")
                .asException();
    }
}
