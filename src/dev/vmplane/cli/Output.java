package dev.vmplane.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.PrintStream;

/**
 * Where a command's words go: what was asked for to standard output, for people and programs, and everything else, which
 * only people read, to standard error. Always UTF-8, whatever the host's locale.
 */
final class Output {
    private static final String TO_LINE_START = "\r\u001b[K";

    private final PrintStream out;
    private final PrintStream err;
    private final boolean live;
    private boolean lineOpen;

    Output(Surroundings around) {
        this.out = around.out();
        this.err = around.err();
        this.live = around.terminals().err();
    }

    void result(String line) {
        write(out, line + "\n");
    }

    void table(Table table) {
        write(out, table.text());
    }

    /** Text as it is, without the end of a line. */
    void raw(boolean toError, String text) {
        write(toError ? err : out, text);
    }

    synchronized void note(String line) {
        endLive();
        write(err, line + "\n");
    }

    /** Whether {@link #live} lines can be shown. */
    boolean isLive() {
        return live;
    }

    /** A line that the next one replaces; only for terminals. */
    synchronized void live(String line) {
        write(err, TO_LINE_START + line);
        lineOpen = true;
    }

    /** Takes the last {@link #live} line away. */
    synchronized void endLive() {
        if (lineOpen) {
            write(err, TO_LINE_START);
            lineOpen = false;
        }
    }

    void complain(CommandException failure) {
        note("vmplane: " + failure.getMessage());
        if (failure.advice() != null) {
            note("  " + failure.advice());
        }
    }

    /** Whether nobody reads the results any more, as behind {@code | head}. */
    boolean unread() {
        return out.checkError();
    }

    private static void write(PrintStream stream, String text) {
        stream.writeBytes(text.getBytes(UTF_8));
        stream.flush();
    }
}
