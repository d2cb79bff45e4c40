package dev.vmplane.host;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import dev.vmplane.model.MicroVm;
import io.vertx.core.Future;
import io.vertx.core.WorkerExecutor;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Lends every VM the directory its files and sockets lie in, and takes it back whole. Only its owner may look inside:
 * the configuration disk holds the tenant's secrets.
 */
public final class RunDirectories implements Holding {
    /** What {@code sun_path} holds beside its closing NUL; the client can connect to nothing longer. */
    private static final int MAX_SOCKET_PATH_BYTES = 107;

    private static final Pattern VM_ID = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9-]{0,62}");

    private final Path runDir;
    private final HostWork work;

    /** Lends below {@code runDir}, which is made when the first VM needs it. */
    public RunDirectories(Path runDir, WorkerExecutor worker) {
        this.runDir = runDir.toAbsolutePath().normalize();
        this.work = new HostWork(worker);
    }

    /** Where the files of {@code vmId} lie, whether or not the directory exists. */
    public RunDirectory of(String vmId) {
        if (!VM_ID.matcher(vmId).matches()) {
            throw new IllegalArgumentException("'" + vmId + "' cannot be the id of a VM");
        }
        return RunDirectory.of(runDir, vmId);
    }

    @Override
    public String kind() {
        return "run directory";
    }

    @Override
    public Future<Void> lend(MicroVm vm) {
        return create(vm.vmId()).mapEmpty();
    }

    /** Makes the VM's directory. One that exists already is kept as it is. */
    public Future<RunDirectory> create(String vmId) {
        var directory = of(vmId);
        return work.run("vm " + vmId + " cannot be lent a run directory", () -> {
            refuseLongSocketPath(vmId, directory);
            Files.createDirectories(runDir);
            if (!Files.isDirectory(directory.path(), NOFOLLOW_LINKS)) {
                Files.createDirectory(directory.path(), PosixFilePermissions.asFileAttribute(owner("rwx------")));
            }
            return directory;
        });
    }

    /** Writes the VM's configuration disk; a reader finds the former one or the whole new one. */
    public Future<Void> writeConfigDisk(String vmId, GuestConfig config) {
        var disk = of(vmId).configDisk();
        return work.run("vm " + vmId + " cannot be configured", () -> {
            var unfinished = disk.resolveSibling(disk.getFileName() + ".new");
            var ownerOnly = PosixFilePermissions.asFileAttribute(owner("rw-------"));
            try (var file = FileChannel.open(unfinished, Set.of(CREATE, WRITE, TRUNCATE_EXISTING), ownerOnly)) {
                var bytes = ByteBuffer.wrap(ConfigDisk.encode(config));
                while (bytes.hasRemaining()) {
                    file.write(bytes);
                }
            }
            Files.move(unfinished, disk, ATOMIC_MOVE);
            return null;
        });
    }

    @Override
    public Future<Set<String>> held() {
        return work.run("run directories cannot be listed", () -> {
            try (var entries = Files.list(runDir)) {
                return entries.map(entry -> entry.getFileName().toString())
                        .filter(VM_ID.asMatchPredicate())
                        .collect(Collectors.toUnmodifiableSet());
            } catch (NoSuchFileException nothingLentYet) {
                return Set.of();
            }
        });
    }

    /** Removes all that lies in it too; links in it are not followed. */
    @Override
    public Future<Void> takeBack(String vmId) {
        var path = of(vmId).path();
        return work.run("vm " + vmId + " cannot give back its run directory", () -> {
            Removal.of(path);
            return null;
        });
    }

    private static void refuseLongSocketPath(String vmId, RunDirectory directory) {
        int bytes = directory.agentSocket().toString().getBytes(UTF_8).length;
        if (bytes > MAX_SOCKET_PATH_BYTES) {
            throw new HostException("vm " + vmId + " cannot be lent a run directory: the path of its socket would have "
                    + bytes + " bytes, " + MAX_SOCKET_PATH_BYTES + " at most; choose a shorter state_dir");
        }
    }

    private static Set<PosixFilePermission> owner(String permissions) {
        return PosixFilePermissions.fromString(permissions);
    }
}
