package dev.vmplane.cli;

import java.util.Set;

/**
 * Shows what guests print: their standard output on ours, everything else on standard error.
 *
 * @param times whether each line begins with when it was printed
 * @param names whether each line begins with the VM it comes from
 */
record LogPrinter(Output output, boolean times, boolean names) {
    private static final Set<String> OF_ERROR = Set.of("stderr", "kernel", "guest");

    /** Text is passed on as it is, with all that colours it. */
    void print(Document line) {
        if (line.has("skipped_bytes")) {
            output.note("vmplane: " + line.number("skipped_bytes", 0) + " bytes before this are not kept any more");
        }
        var start = new StringBuilder();
        if (names) {
            start.append(line.text("vm_id", "")).append(' ');
        }
        if (times) {
            start.append(line.text("at", "-")).append(' ');
        }
        if (line.text("stream", "").equals("guest")) {
            start.append("vmplane-guest: ");
        }
        var end = line.flag("partial") ? "" : "\n";
        output.raw(OF_ERROR.contains(line.text("stream", "")), start + line.text("text", "") + end);
    }
}
