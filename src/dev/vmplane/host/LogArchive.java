package dev.vmplane.host;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import io.vertx.core.Future;
import io.vertx.core.WorkerExecutor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collection;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The end of what each VM has printed that is no more, a file for each. It lies where it lay in the console, with a hole
 * before it, so that whoever reads goes on at the same place and never knows in which of the two.
 */
public final class LogArchive {
    private static final int KEPT_BYTES = 256 * 1024;
    private static final String SUFFIX = ".log";

    private final Path directory;
    private final RunDirectories consoles;
    private final HostWork work;

    /** @param directory of its own for each database; made when the first VM ends */
    public LogArchive(Path directory, RunDirectories consoles, WorkerExecutor worker) {
        this.directory = directory.toAbsolutePath().normalize();
        this.consoles = consoles;
        this.work = new HostWork(worker);
    }

    /** What is kept of a VM, whether or not it is. */
    ConsoleFile of(String vmId) {
        return new ConsoleFile(file(vmId), KEPT_BYTES);
    }

    /** The id goes through the check of what names a run directory. */
    private Path file(String vmId) {
        return directory.resolve(consoles.of(vmId).path().getFileName() + SUFFIX);
    }

    /**
     * Keeps the end of the console of a VM that prints no more, before its run directory goes. May be repeated: without a
     * console, what is kept already stays.
     */
    public Future<Void> keep(String vmId) {
        var console = new ConsoleFile(consoles.of(vmId).console(), KEPT_BYTES);
        return work.run("the log of vm " + vmId + " cannot be kept", () -> {
            var end = console.piece(0, KEPT_BYTES).orElse(ConsoleFile.Piece.NONE);
            if (end.bytes().length > 0) {
                write(file(vmId), end);
            }
            return null;
        });
    }

    private void write(Path file, ConsoleFile.Piece end) throws IOException {
        Files.createDirectories(
                directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        var unfinished = file.resolveSibling(file.getFileName() + ".new");
        var ownerOnly = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
        try (var log = FileChannel.open(unfinished, Set.of(CREATE, WRITE, TRUNCATE_EXISTING), ownerOnly)) {
            var bytes = ByteBuffer.wrap(end.bytes());
            log.position(end.start());
            while (bytes.hasRemaining()) {
                log.write(bytes);
            }
            Files.move(unfinished, file, ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(unfinished);
        }
    }

    /** The VMs of which something is kept, by id. */
    public Future<Set<String>> kept() {
        return work.run("logs cannot be listed", () -> {
            try (var entries = Files.list(directory)) {
                return entries.map(entry -> entry.getFileName().toString())
                        .filter(name -> name.endsWith(SUFFIX))
                        .map(name -> name.substring(0, name.length() - SUFFIX.length()))
                        .collect(Collectors.toUnmodifiableSet());
            } catch (NoSuchFileException noneYet) {
                return Set.of();
            }
        });
    }

    /** Forgets what these VMs have printed. */
    public Future<Void> drop(Collection<String> vmIds) {
        return work.run("logs cannot be removed", () -> {
            for (var vmId : vmIds) {
                Files.deleteIfExists(file(vmId));
            }
            return null;
        });
    }
}
