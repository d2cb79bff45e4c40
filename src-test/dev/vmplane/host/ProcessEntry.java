package dev.vmplane.host;

import dev.vmplane.model.VmmProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/** What the process table says, for tests to compare with. */
final class ProcessEntry {
    private ProcessEntry() {}

    /** The process that has this pid now. */
    static Optional<VmmProcess> of(long pid) {
        return stat(pid).map(stat -> new VmmProcess(pid, stat.startTicks()));
    }

    /** Whether that very process runs. */
    static boolean alive(VmmProcess process) {
        return stat(process.pid())
                .filter(stat -> stat.startTicks() == process.startTicks() && !stat.over())
                .isPresent();
    }

    private static Optional<ProcessStat> stat(long pid) {
        try {
            return Optional.of(ProcessStat.parse(Files.readString(Path.of("/proc", Long.toString(pid), "stat"))));
        } catch (NoSuchFileException gone) {
            return Optional.empty();
        } catch (IOException goneMeanwhile) {
            if (Files.notExists(Path.of("/proc", Long.toString(pid)))) {
                return Optional.empty();
            }
            throw new UncheckedIOException(goneMeanwhile);
        }
    }
}
