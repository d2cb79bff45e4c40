package dev.vmplane.api;

import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.KeepAnswer;
import dev.vmplane.bus.Bus;
import dev.vmplane.model.Once;
import dev.vmplane.model.Refusal;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * Writes with an Idempotency-Key: a client that heard no answer sends the request again, and is answered as it would have
 * been then. That the write was done is durable with it; the answer is durable before it is sent. A request that was
 * refused has done nothing, so nothing is remembered of it.
 */
final class KeyedWrites {
    private static final String HEADER = "Idempotency-Key";
    private static final Pattern KEY = Pattern.compile("[\\x21-\\x7e]{1,255}");

    /** Whose a key is while requests do not say who sends them. */
    private static final String NOBODY = "";

    private final Bus bus;

    KeyedWrites(Bus bus) {
        this.bus = bus;
    }

    /** Does a write, which is given null when the request has no key. */
    Future<Answer> once(RoutingContext context, Function<Once, Future<Answer>> write) {
        var keys = context.request().headers().getAll(HEADER);
        if (keys.isEmpty()) {
            return write.apply(null);
        }
        if (keys.size() > 1 || !KEY.matcher(keys.get(0)).matches()) {
            throw new Refusal(
                            Refusal.Kind.BAD_INPUT,
                            "bad_header",
                            HEADER,
                            HEADER + " must be one key of 1 to 255 visible ASCII characters, such as a random UUID")
                    .asException();
        }
        var once = new Once(NOBODY, keys.get(0), fingerprint(context));
        return before(once, () -> write.apply(once).compose(answer -> keep(once, answer)))
                // The job may be gone because the same request, sent a moment earlier, has ended it.
                .recover(cause -> JobWrites.isGone(cause)
                        ? before(once, () -> Future.failedFuture(cause))
                        : Future.failedFuture(cause));
    }

    private Future<Answer> before(Once once, Supplier<Future<Answer>> otherwise) {
        return bus.ask(Address.STORE_ANSWER_GET, once)
                .compose(kept ->
                        kept.answer() == null ? otherwise.get() : Future.succeededFuture(Answer.again(kept.answer())));
    }

    private Future<Answer> keep(Once once, Answer answer) {
        return bus.ask(Address.STORE_ANSWER_KEEP, new KeepAnswer(once, answer.kept()))
                .map(stands -> stands.equals(answer.kept()) ? answer : Answer.again(stands));
    }

    /** Everything that says what is asked for. */
    private static String fingerprint(RoutingContext context) {
        var request = context.request();
        var body = context.body().buffer();
        var type = request.getHeader(HttpHeaders.CONTENT_TYPE);
        var head = request.method() + " " + request.uri() + "\n" + (type == null ? "" : type) + "\n";
        var hash = sha256();
        hash.update(head.getBytes(StandardCharsets.UTF_8));
        hash.update((body == null ? Buffer.buffer() : body).getBytes());
        return HexFormat.of().formatHex(hash.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java has SHA-256", impossible);
        }
    }
}
