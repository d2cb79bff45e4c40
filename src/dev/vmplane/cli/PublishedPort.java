package dev.vmplane.cli;

import java.util.regex.Pattern;

/**
 * A port of a guest that others are to reach.
 *
 * @param host the port of this host that leads to it, or null for none
 * @param guest the port it listens at
 */
record PublishedPort(Integer host, int guest) {
    private static final Pattern WRITTEN = Pattern.compile("(?:([0-9]{1,5}):)?([0-9]{1,5})");
    private static final int MAX = 65535;

    /** {@code 80}, or {@code 8080:80}. */
    static PublishedPort of(String written) {
        var match = WRITTEN.matcher(written);
        if (match.matches()) {
            var guest = Integer.parseInt(match.group(2));
            var host = match.group(1) == null ? null : Integer.valueOf(match.group(1));
            if (guest >= 1 && guest <= MAX && (host == null || (host >= 1 && host <= MAX))) {
                return new PublishedPort(host, guest);
            }
        }
        throw new CommandException("-p cannot be '" + written
                + "': a port of the guest such as 80, or one of this host before it as in" + " 8080:80");
    }
}
