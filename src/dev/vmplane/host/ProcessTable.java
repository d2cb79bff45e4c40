package dev.vmplane.host;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.vmplane.model.VmmProcess;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Looks into {@code /proc}. Every method blocks for a moment. A look that fails, say for want of a descriptor, throws
 * and is never taken for a process that is not there.
 */
final class ProcessTable {
    private static final Path PROC = Path.of("/proc");
    private static final int MAX_STAT_BYTES = 1024;
    /** A hypervisor names its run directory among its first arguments. */
    private static final int MAX_COMMAND_BYTES = 16 * 1024;

    /**
     * The session leaders whose arguments name something in {@code <runDir>/<vm_id>/}, by that id, or that are jailed
     * there. Hypervisors are started as leaders, while what starts them, and people who read their logs, name the same
     * paths and are not. Of two for one id the older counts.
     */
    Map<String, VmmProcess> below(Path runDir) throws IOException {
        var jails = jails(runDir);
        var found = new HashMap<String, VmmProcess>();
        try (var entries = Files.newDirectoryStream(PROC, "[0-9]*")) {
            for (var entry : entries) {
                long pid = Long.parseLong(entry.getFileName().toString());
                var vmId = idBelow(runDir, commandLine(pid)).or(() -> idOfJail(jails, pid));
                if (vmId.isPresent()) {
                    leader(pid).ifPresent(process -> found.merge(vmId.get(), process, ProcessTable::older));
                }
            }
        }
        return found;
    }

    /**
     * The VMs by what the root directories of their jails are to the file system. Paths would not do: seen from outside,
     * the root of a process that was pivoted into its jail is called {@code /}.
     */
    private static Map<Object, String> jails(Path runDir) throws IOException {
        var jails = new HashMap<Object, String>();
        try (var entries = Files.newDirectoryStream(runDir)) {
            for (var entry : entries) {
                identity(new RunDirectory(entry).jailRoot())
                        .ifPresent(root -> jails.put(root, entry.getFileName().toString()));
            }
        } catch (NoSuchFileException nothingLentYet) {
            return Map.of();
        }
        return jails;
    }

    private static Optional<String> idOfJail(Map<Object, String> jails, long pid) {
        return jails.isEmpty()
                ? Optional.empty()
                : identity(PROC.resolve(Long.toString(pid)).resolve("root")).map(jails::get);
    }

    /** Device and inode. None where there is nothing, or nothing that is shown to us: a jail of ours we made as root. */
    private static Optional<Object> identity(Path path) {
        try {
            return Optional.ofNullable(
                    Files.readAttributes(path, BasicFileAttributes.class).fileKey());
        } catch (IOException hidden) {
            return Optional.empty();
        }
    }

    /** Each argument ended by NUL. Empty for a process that is gone or on its way out. */
    private static String commandLine(long pid) throws IOException {
        return read(pid, "cmdline", MAX_COMMAND_BYTES).orElse("");
    }

    private static Optional<VmmProcess> leader(long pid) throws IOException {
        return stat(pid)
                .filter(stat -> stat.session() == pid && !stat.over())
                .map(stat -> new VmmProcess(pid, stat.startTicks()));
    }

    static Optional<String> idBelow(Path runDir, String commandLine) {
        var prefix = runDir + "/";
        int id = commandLine.indexOf(prefix) + prefix.length();
        if (id < prefix.length()) {
            return Optional.empty();
        }
        int end = id;
        while (end < commandLine.length() && "/\0,".indexOf(commandLine.charAt(end)) < 0) {
            end++;
        }
        boolean directory = end > id && end < commandLine.length() && commandLine.charAt(end) == '/';
        return directory ? Optional.of(commandLine.substring(id, end)) : Optional.empty();
    }

    private static VmmProcess older(VmmProcess one, VmmProcess other) {
        return one.startTicks() <= other.startTicks() ? one : other;
    }

    private static Optional<ProcessStat> stat(long pid) throws IOException {
        return read(pid, "stat", MAX_STAT_BYTES).map(ProcessStat::parse);
    }

    private static Optional<String> read(long pid, String name, int limitBytes) throws IOException {
        var directory = PROC.resolve(Long.toString(pid));
        try (var file = FileChannel.open(directory.resolve(name))) {
            return Optional.of(new String(Channels.newInputStream(file).readNBytes(limitBytes), UTF_8));
        } catch (IOException failed) {
            if (Files.notExists(directory)) {
                return Optional.empty();
            }
            throw failed;
        }
    }
}
