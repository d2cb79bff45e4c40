package dev.vmplane.host;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;

/** Pieces of the file a console is kept in. It is opened for each; one that does not exist reads as empty. */
record ConsoleFile(Path path) {

    /** What lies behind {@code position} now, up to a limit. */
    byte[] from(long position, int limitBytes) throws IOException {
        try (var file = FileChannel.open(path)) {
            return read(file, position, limitBytes);
        } catch (NoSuchFileException nothingPrinted) {
            return new byte[0];
        }
    }

    /** The end of the file, up to a limit. */
    byte[] last(int limitBytes) throws IOException {
        try (var file = FileChannel.open(path)) {
            return read(file, Math.max(0, file.size() - limitBytes), limitBytes);
        } catch (NoSuchFileException nothingPrinted) {
            return new byte[0];
        }
    }

    private static byte[] read(FileChannel file, long position, int limitBytes) throws IOException {
        var there = Math.max(0, Math.min(limitBytes, file.size() - position));
        var bytes = ByteBuffer.allocate((int) there);
        int read = 0;
        while (bytes.hasRemaining() && read >= 0) {
            read = file.read(bytes, position + bytes.position());
        }
        return Arrays.copyOf(bytes.array(), bytes.position());
    }
}
