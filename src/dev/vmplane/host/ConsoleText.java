package dev.vmplane.host;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.vmplane.model.GuestExit;
import java.util.regex.Pattern;

/**
 * Finds in what a guest prints the two lines by which the guest program speaks to the host. Everything else there comes
 * from the tenant's program or the guest's kernel, may be anything, and may share a line with ours; so lines and
 * encodings mean nothing here and only the words count.
 *
 * <p>A tenant's program can print the same words. It can thereby lie about its own exit and about nothing else: the
 * line that it was started comes before it.
 */
final class ConsoleText {
    private static final String STARTED = "vmplane-guest: started ";
    private static final Pattern EXIT = Pattern.compile("vmplane-guest: exit (status|signal)=(\\d{1,3})(?!\\d)");

    /** The end of what was read before, in which the words may have begun. */
    private String carry = "";

    /** Whether the guest program has told, by the end of {@code bytes}, that it started the tenant's. */
    boolean started(byte[] bytes) {
        var text = carry + new String(bytes, ISO_8859_1);
        carry = text.substring(Math.max(0, text.length() - STARTED.length() + 1));
        return text.contains(STARTED);
    }

    /** What the last exit line in the end of a console says. */
    static GuestExit exit(byte[] end) {
        var exit = GuestExit.UNKNOWN;
        var lines = EXIT.matcher(new String(end, ISO_8859_1));
        while (lines.find()) {
            var number = Integer.valueOf(lines.group(2));
            exit = lines.group(1).equals("status") ? new GuestExit(number, null) : new GuestExit(null, number);
        }
        return exit;
    }
}
