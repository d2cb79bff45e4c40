package dev.vmplane.host;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.vmplane.model.LogLine;
import dev.vmplane.model.LogLine.Stream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Makes lines of the pieces in which a console is read. It takes anything: a line that has no end comes in parts of
 * bounded length, and what is left of a line whose beginning is not there is dropped, be it that the reading began in the
 * middle of it or that a hole has taken its place.
 *
 * <p>Holds one line at most. One that read on is as good as a new one at the same {@link #position}.
 */
public final class LogLines {
    /** The guest program's longest, 4096 bytes of text, is shorter. */
    public static final int MAX_LINE_BYTES = 4160;

    private static final byte[] GUEST = "vmplane-guest: ".getBytes(US_ASCII);
    private static final int MAX_DIGITS = 15;

    private final byte[] line = new byte[MAX_LINE_BYTES];
    private int length;
    private long position;
    private boolean skipping;
    /** What the parts before said of the line that has become too long, or null. */
    private Head longLine;

    private Instant latest;

    private LogLines(long position, boolean inLine) {
        this.position = position;
        this.skipping = inLine;
    }

    /** Reads a console from its beginning. */
    public static LogLines fromBeginning() {
        return new LogLines(0, false);
    }

    /**
     * Reads a console from somewhere: whether a line begins there must be known and not guessed, for the text of a program
     * can look like anything from its middle on.
     *
     * @param inLine whether the byte before is there and not a line's end
     */
    public static LogLines from(long position, boolean inLine) {
        return new LogLines(position, inLine);
    }

    /** Where the next piece begins. */
    public long position() {
        return position;
    }

    /** Goes on further behind, in the middle of some line. */
    public void jump(long to) {
        position = to;
        startLine();
        skipping = true;
    }

    /** The lines that end in this piece, with what its lines without end have too much. */
    public List<LogLine> next(byte[] piece) {
        var lines = new ArrayList<LogLine>();
        for (byte each : piece) {
            if (each == '\n') {
                position++;
                end(lines);
            } else {
                if (!skipping) {
                    add(each, lines);
                }
                position++;
            }
        }
        return lines;
    }

    /** What there is of a line that has not ended. Its end will come as if nobody had asked. */
    public Optional<LogLine> rest() {
        return length == 0 ? Optional.empty() : Optional.of(cut(head(), length, true));
    }

    private void add(byte each, List<LogLine> lines) {
        if (each == 0 && length == 0 && longLine == null) {
            skipping = true; // a hole is all zeros
            return;
        }
        if (length == MAX_LINE_BYTES) {
            var head = head();
            lines.add(cut(head, length, true));
            longLine = new Head(head.at(), head.stream(), 0, head.partial());
            length = 0;
        }
        line[length++] = each;
    }

    private void end(List<LogLine> lines) {
        int bytes = length > 0 && line[length - 1] == '\r' ? length - 1 : length;
        if (bytes > 0 || longLine != null) {
            var head = head();
            lines.add(cut(head, Math.max(bytes, head.length()), head.partial()));
        }
        startLine();
    }

    private void startLine() {
        length = 0;
        skipping = false;
        longLine = null;
    }

    private LogLine cut(Head head, int bytes, boolean partial) {
        return new LogLine(head.at(), head.stream(), Arrays.copyOfRange(line, head.length(), bytes), partial, position);
    }

    /** What a line says of itself before its text. */
    private record Head(Instant at, Stream stream, int length, boolean partial) {}

    private Head head() {
        if (longLine != null) {
            return longLine;
        }
        if (length >= GUEST.length && Arrays.equals(line, 0, GUEST.length, GUEST, 0, GUEST.length)) {
            return new Head(latest, Stream.GUEST, GUEST.length, false);
        }
        int digits = digits();
        var stream = digits == 0 || length < digits + 3 ? null : streamAt(digits);
        if (stream == null) {
            return new Head(latest, Stream.KERNEL, 0, false);
        }
        latest = Instant.ofEpochMilli(Long.parseLong(new String(line, 0, digits, US_ASCII)));
        return new Head(latest, stream, digits + 3, line[digits + 1] == 'O' || line[digits + 1] == 'E');
    }

    private int digits() {
        int digits = 0;
        while (digits < Math.min(length, MAX_DIGITS) && line[digits] >= '0' && line[digits] <= '9') {
            digits++;
        }
        return digits;
    }

    /** The stream named by a letter between two spaces, or null. */
    private Stream streamAt(int space) {
        if (line[space] != ' ' || line[space + 2] != ' ') {
            return null;
        }
        return switch (line[space + 1]) {
            case 'o', 'O' -> Stream.STDOUT;
            case 'e', 'E' -> Stream.STDERR;
            case 'k' -> Stream.KERNEL;
            default -> null;
        };
    }
}
