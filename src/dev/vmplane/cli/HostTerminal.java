package dev.vmplane.cli;

import dev.vmplane.model.Exec;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.EnumSet;
import org.jline.terminal.Attributes;
import org.jline.terminal.Attributes.ControlChar;
import org.jline.terminal.Attributes.InputFlag;
import org.jline.terminal.Attributes.LocalFlag;
import org.jline.terminal.Attributes.OutputFlag;
import org.jline.terminal.TerminalBuilder;

/** The terminal of this process. */
final class HostTerminal implements Terminal {
    private static final int USUAL_ROWS = 24;
    private static final int USUAL_COLUMNS = 80;

    private final org.jline.terminal.Terminal terminal;
    private final Attributes found;

    private HostTerminal(org.jline.terminal.Terminal terminal) {
        this.terminal = terminal;
        this.found = terminal.getAttributes();
    }

    static Terminal open() {
        try {
            return new HostTerminal(
                    TerminalBuilder.builder().system(true).dumb(false).build());
        } catch (IOException | IllegalStateException failure) {
            throw new CommandException(
                    "the terminal cannot be used: " + failure.getMessage(), "Leave -t out to do without one.");
        }
    }

    @Override
    public Exec.Terminal size() {
        var size = terminal.getSize();
        return new Exec.Terminal(
                size.getRows() > 0 ? size.getRows() : USUAL_ROWS,
                size.getColumns() > 0 ? size.getColumns() : USUAL_COLUMNS);
    }

    /** As cfmakeraw(3) has it: the guest's own terminal does what this one stops doing. */
    @Override
    public void raw() {
        var raw = new Attributes(found);
        raw.setInputFlags(
                EnumSet.of(
                        InputFlag.IGNBRK,
                        InputFlag.BRKINT,
                        InputFlag.PARMRK,
                        InputFlag.ISTRIP,
                        InputFlag.INLCR,
                        InputFlag.IGNCR,
                        InputFlag.ICRNL,
                        InputFlag.IXON),
                false);
        raw.setOutputFlag(OutputFlag.OPOST, false);
        raw.setLocalFlags(
                EnumSet.of(LocalFlag.ECHO, LocalFlag.ECHONL, LocalFlag.ICANON, LocalFlag.ISIG, LocalFlag.IEXTEN),
                false);
        raw.setControlChar(ControlChar.VMIN, 1);
        raw.setControlChar(ControlChar.VTIME, 0);
        terminal.setAttributes(raw);
    }

    @Override
    public void onResize(Runnable task) {
        terminal.handle(org.jline.terminal.Terminal.Signal.WINCH, signal -> task.run());
    }

    /** The file itself: what stands before it elsewhere would hold keys back. */
    @Override
    public InputStream input() {
        return new FileInputStream(FileDescriptor.in);
    }

    @Override
    public void close() {
        terminal.setAttributes(found);
        try {
            terminal.close();
        } catch (IOException gone) {
            // The process ends next, and has put back what it changed.
        }
    }
}
