package dev.vmplane.host;

import dev.vmplane.model.GuestExit;
import dev.vmplane.model.LogLine;
import dev.vmplane.model.LogLine.Stream;
import java.util.regex.Pattern;

/**
 * Finds in what a guest prints the lines by which the guest program speaks to the host:
 *
 * <pre>
 * vmplane-guest: started pid=1 uptime_ms=900     before anything that the tenant's program prints
 * vmplane-guest: cannot become web: ...          why there is or was no program to run
 * vmplane-guest: exit status=0                   the last; or signal=9
 * </pre>
 *
 * Only a whole line counts, and what the tenant's program prints never is one. A program that is root in its guest can
 * still write past the guest program: it can thereby lie about its own end and about nothing else.
 */
final class ConsoleText {
    private static final Pattern EXIT = Pattern.compile("exit (status|signal)=(\\d{1,3})");
    private static final String STARTED = "started ";
    private static final String CANNOT = "cannot ";
    private static final int MAX_REASON_CHARS = 300;

    private final LogLines lines = LogLines.fromBeginning();

    /** Whether the guest program has told, by the end of {@code bytes}, that it started the tenant's. */
    boolean started(byte[] bytes) {
        return lines.next(bytes).stream().anyMatch(line -> isGuests(line, STARTED));
    }

    /**
     * What the end of a console says.
     *
     * @param inLine whether it begins in the middle of a line
     */
    static GuestEnd end(byte[] end, boolean inLine) {
        var said = GuestEnd.UNKNOWN;
        for (var line : LogLines.from(0, inLine).next(end)) {
            said = after(said, line);
        }
        return said;
    }

    private static GuestEnd after(GuestEnd said, LogLine line) {
        if (line.stream() == Stream.KERNEL) {
            return said;
        }
        var exit = EXIT.matcher(line.text());
        if (isGuests(line, CANNOT)) {
            return new GuestEnd(said.exit(), reason(line.text()));
        }
        if (line.stream() == Stream.GUEST && exit.matches()) {
            return new GuestEnd(exit(exit.group(1), Integer.valueOf(exit.group(2))), said.cannot());
        }
        return new GuestEnd(said.exit(), null); // the program ran after all
    }

    private static GuestExit exit(String kind, Integer number) {
        return kind.equals("status") ? new GuestExit(number, null) : new GuestExit(null, number);
    }

    private static String reason(String text) {
        var start = text.substring(0, Math.min(text.length(), MAX_REASON_CHARS));
        return start.replaceAll("\\p{Cntrl}", "?");
    }

    private static boolean isGuests(LogLine line, String word) {
        return line.stream() == Stream.GUEST && line.text().startsWith(word);
    }
}
