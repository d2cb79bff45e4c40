package dev.vmplane.hypervisor.qemu;

import java.util.regex.Pattern;

/** Makes what QEMU says of its own failures fit for tenants: one line, and no path of this host. */
final class QemuError {
    /** Up to its last slash; with spaces in it only between quotes, as QEMU writes the names of files. */
    private static final Pattern PATH = Pattern.compile("(?<=')/[^']*/|/[^\\s'\",:]*/");

    private static final Pattern UNPRINTABLE = Pattern.compile("\\p{Cntrl}");

    private QemuError() {}

    /** The first line of its output that says why it ended; a warning does not. */
    static String reason(String output) {
        return output.lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && !line.contains(": warning:"))
                .findFirst()
                .map(QemuError::withoutPaths)
                .orElse("it said nothing");
    }

    /** The same text with the names of files in place of their paths. */
    static String withoutPaths(String text) {
        return UNPRINTABLE.matcher(PATH.matcher(text).replaceAll("")).replaceAll(" ");
    }
}
