package dev.vmplane.cli;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.regex.Pattern;

/** Lengths of time as people write them: {@code 30s}, {@code 10m}, {@code 1h30m}, {@code 7d}; a bare number is seconds. */
final class Span {
    private static final Pattern WRITTEN = Pattern.compile("[0-9]{1,9}|([0-9]{1,9}[dhms]){1,4}");
    private static final Pattern PART = Pattern.compile("([0-9]+)([dhms])");
    private static final Map<String, Integer> SECONDS = Map.of("d", 86_400, "h", 3_600, "m", 60, "s", 1);

    private Span() {}

    /**
     * What is written.
     *
     * @param subject what the time is for, as in {@code --timeout}
     */
    static Duration of(String subject, String written) {
        if (!WRITTEN.matcher(written).matches()) {
            throw new CommandException(subject + " cannot be '" + written + "': a time such as 30s, 10m or 1h30m");
        }
        if (Character.isDigit(written.charAt(written.length() - 1))) {
            return Duration.ofSeconds(Long.parseLong(written));
        }
        return PART.matcher(written)
                .results()
                .map(part -> Duration.ofSeconds(Long.parseLong(part.group(1)) * SECONDS.get(part.group(2))))
                .reduce(Duration.ZERO, Duration::plus);
    }

    /** The time since {@code then} in its largest unit, as in {@code 5m}; empty when it is not known. */
    static String since(Instant then, Instant now) {
        if (then == null) {
            return "";
        }
        var length = Duration.between(then, now);
        if (length.toDays() > 0) {
            return length.toDays() + "d";
        }
        if (length.toHours() > 0) {
            return length.toHours() + "h";
        }
        return length.toMinutes() > 0 ? length.toMinutes() + "m" : Math.max(0, length.toSeconds()) + "s";
    }
}
