package dev.vmplane.api;

import dev.vmplane.model.LogLine;
import io.vertx.core.MultiMap;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What somebody wants of a log.
 *
 * @param tail how many of the last lines of each VM, or null for all that are kept
 * @param since lines before this are not wanted, or null
 * @param after where the reader is already, or null
 */
record LogQuery(
        boolean follow,
        Integer tail,
        Instant since,
        Set<LogLine.Stream> streams,
        boolean timestamps,
        LogBookmark after,
        Form form) {

    /** How lines are written. */
    enum Form {
        TEXT("text/plain; charset=utf-8"),
        EVENTS("text/event-stream"),
        JSON_LINES("application/x-ndjson");

        final String contentType;

        Form(String contentType) {
            this.contentType = contentType;
        }

        private static Form accepted(String accept) {
            if (accept != null && accept.contains("text/event-stream")) {
                return EVENTS;
            }
            return accept != null && accept.contains("application/x-ndjson") ? JSON_LINES : TEXT;
        }
    }

    private static final int MAX_TAIL = 100_000;
    private static final Set<LogLine.Stream> OF_THE_PROGRAM = EnumSet.of(LogLine.Stream.STDOUT, LogLine.Stream.STDERR);
    private static final Pattern AGO =
            Pattern.compile("(?:(\\d{1,4})d)?(?:(\\d{1,5})h)?(?:(\\d{1,7})m)?(?:(\\d{1,9})s)?");

    /**
     * Reads it from the part of a request behind the question mark, and two headers.
     *
     * @param accept may be null
     * @param lastEventId what a browser that reconnects brings back, or null
     */
    static LogQuery of(MultiMap parameters, String accept, String lastEventId, Instant now) {
        var query = new Query(parameters);
        var after = lastEventId == null ? parameters.get("after") : lastEventId;
        return new LogQuery(
                query.flag("follow"),
                tail(parameters.get("tail")),
                since(parameters.get("since"), now),
                streams(parameters.get("stream")),
                query.flag("timestamps"),
                after == null || after.isEmpty() ? null : bookmark(after),
                Form.accepted(accept));
    }

    private static Integer tail(String text) {
        if (text == null || text.equals("all")) {
            return null;
        }
        if (text.matches("[0-9]{1,9}") && Integer.parseInt(text) <= MAX_TAIL) {
            return Integer.valueOf(text);
        }
        throw Query.refused("tail", "tail must be a whole number up to " + MAX_TAIL + ", or all");
    }

    private static Instant since(String text, Instant now) {
        if (text == null) {
            return null;
        }
        var ago = AGO.matcher(text);
        if (!text.isEmpty() && ago.matches()) {
            return now.minus(Duration.ofDays(number(ago.group(1)))
                    .plusHours(number(ago.group(2)))
                    .plusMinutes(number(ago.group(3)))
                    .plusSeconds(number(ago.group(4))));
        }
        try {
            return OffsetDateTime.parse(text).toInstant();
        } catch (DateTimeParseException neither) {
            throw Query.refused("since", "since must be a time like 2026-01-02T03:04:05Z, or so long ago as in 1h30m");
        }
    }

    private static long number(String digits) {
        return digits == null ? 0 : Long.parseLong(digits);
    }

    private static Set<LogLine.Stream> streams(String text) {
        if (text == null) {
            return OF_THE_PROGRAM;
        }
        var streams = EnumSet.noneOf(LogLine.Stream.class);
        for (var name : text.split(",", -1)) {
            streams.add(Arrays.stream(LogLine.Stream.values())
                    .filter(stream -> text(stream).equals(name))
                    .findFirst()
                    .orElseThrow(
                            () -> Query.refused("stream", "stream must be some of stdout, stderr, kernel and guest")));
        }
        return streams;
    }

    static String text(LogLine.Stream stream) {
        return stream.name().toLowerCase(Locale.ROOT);
    }

    private static LogBookmark bookmark(String text) {
        try {
            return LogBookmark.parse(text);
        } catch (IllegalArgumentException malformed) {
            throw Query.refused("after", "after cannot be where to go on: " + malformed.getMessage());
        }
    }
}
