package dev.vmplane.host.cgroup;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/** Reads what a cgroup has used, as version 2 or 1 writes it. */
final class UsageFiles {
    private static final long NANOS_PER_MICRO = 1000;
    private static final String USAGE = "usage_usec ";

    private UsageFiles() {}

    /** Nothing when the cgroup has gone meanwhile. */
    static Optional<Usage> read(Tree own) throws IOException {
        var cpu = own.of(Controller.CPU);
        var memory = own.of(Controller.MEMORY);
        try {
            return Optional.of(
                    own.unified()
                            ? new Usage(cpuStat(cpu.resolve("cpu.stat")), number(memory.resolve("memory.current")))
                            : new Usage(accounted(cpu), number(memory.resolve("memory.usage_in_bytes"))));
        } catch (NoSuchFileException gone) {
            return Optional.empty();
        }
    }

    private static long cpuStat(Path file) throws IOException {
        return Files.readAllLines(file).stream()
                .filter(line -> line.startsWith(USAGE))
                .mapToLong(line -> Long.parseLong(line.substring(USAGE.length()).trim()) * NANOS_PER_MICRO)
                .findFirst()
                .orElse(0);
    }

    /** Version 1 accounts in another controller, which is usually mounted together with this one. */
    private static long accounted(Path cpu) throws IOException {
        var file = cpu.resolve("cpuacct.usage");
        return Files.exists(file) ? number(file) : 0;
    }

    private static long number(Path file) throws IOException {
        return Long.parseLong(Files.readString(file).trim());
    }
}
