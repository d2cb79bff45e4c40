package dev.vmplane.host.disk;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import dev.vmplane.host.HostWork;
import dev.vmplane.model.ReasonCode;
import io.vertx.core.Future;
import io.vertx.core.WorkerExecutor;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The files of the volumes of one database. A file that has its name is formatted and is never formatted again: it was
 * made under another name, and all of it was on the disk before it was renamed. No file is removed that nobody named.
 */
public final class VolumeFiles {
    private static final Pattern ID = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9-]{0,62}");
    private static final String SUFFIX = ".img";
    private static final String UNFINISHED = ".new";

    private final Path directory;
    private final Mke2fs mke2fs;
    private final HostWork work;

    /** @param directory of its own for each database; made when the first volume is */
    public VolumeFiles(Path directory, Mke2fs mke2fs, WorkerExecutor worker) {
        this.directory = directory.toAbsolutePath().normalize();
        this.mke2fs = mke2fs;
        this.work = new HostWork(worker);
    }

    /** Where a volume lies, whether or not it does. */
    Path file(String volumeId) {
        if (!ID.matcher(volumeId).matches()) {
            throw new IllegalArgumentException("'" + volumeId + "' cannot be the id of a volume");
        }
        return directory.resolve(volumeId + SUFFIX);
    }

    /** Makes a volume that is not there yet; blocks. One volume is made by one VM at a time, which has it. */
    void make(String volumeId, int sizeMib) throws IOException {
        var file = file(volumeId);
        if (Files.exists(file)) {
            return;
        }
        Files.createDirectories(
                directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        var unfinished = file.resolveSibling(file.getFileName() + UNFINISHED);
        try {
            create(unfinished);
            mke2fs.formatVolume(unfinished, sizeMib);
            flush(unfinished);
            Files.move(unfinished, file, ATOMIC_MOVE);
            flush(directory);
        } finally {
            Files.deleteIfExists(unfinished);
        }
    }

    /** Empty, whatever a former attempt has left, and its owner's alone from the beginning. */
    private static void create(Path file) throws IOException {
        var ownerOnly = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
        FileChannel.open(file, Set.of(CREATE, WRITE, TRUNCATE_EXISTING), ownerOnly)
                .close();
    }

    private static void flush(Path path) throws IOException {
        try (var open = FileChannel.open(path, READ)) {
            open.force(true);
        }
    }

    /** Removes a volume and all that is on it. None there is success. */
    public Future<Void> remove(String volumeId) {
        var file = file(volumeId);
        return work.run(ReasonCode.DISK_FAILED, "volume " + volumeId + " cannot be removed", () -> {
            Files.deleteIfExists(file.resolveSibling(file.getFileName() + UNFINISHED));
            if (Files.deleteIfExists(file)) {
                flush(directory);
            }
            return null;
        });
    }

    /** The volumes there are, by id, from a look at the directory. */
    public Future<Set<String>> held() {
        return work.run(ReasonCode.DISK_FAILED, "volumes cannot be listed", () -> {
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
}
