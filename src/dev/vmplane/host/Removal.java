package dev.vmplane.host;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;

/** Removes a file or a whole directory. Links in it are not followed, device files not opened. Blocks. */
public final class Removal extends SimpleFileVisitor<Path> {
    private Removal() {}

    /** Completes with nothing left at {@code path}; nothing there is success. */
    public static void of(Path path) throws IOException {
        if (Files.exists(path, NOFOLLOW_LINKS)) {
            Files.walkFileTree(path, new Removal());
        }
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
        Files.deleteIfExists(file);
        return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException failed) throws IOException {
        // What somebody else removed in the meantime is as gone as it should be.
        if (failed instanceof NoSuchFileException) {
            return FileVisitResult.CONTINUE;
        }
        throw failed;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path directory, IOException failed) throws IOException {
        Files.deleteIfExists(directory);
        return FileVisitResult.CONTINUE;
    }
}
