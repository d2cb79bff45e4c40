package dev.vmplane.host;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Pieces of the file a console is kept in. It is opened for each; one that does not exist reads as empty. The launcher
 * makes a hole of what lies far behind, so a reader that was left behind goes on where there is something to read.
 */
record ConsoleFile(Path path) {
    /** What the launcher keeps of a file, see its {@code output.c}. */
    private static final long KEPT_BYTES = 8L * 1024 * 1024;

    /** The end of the file, up to a limit. */
    byte[] last(int limitBytes) throws IOException {
        try (var file = FileChannel.open(path)) {
            return read(file, Math.max(0, file.size() - limitBytes), limitBytes);
        } catch (NoSuchFileException nothingPrinted) {
            return new byte[0];
        }
    }

    /** The last lines of the file, as far as they lie within a limit from its end. */
    LastLines lastLines(int limitBytes) throws IOException {
        try (var file = FileChannel.open(path)) {
            var start = Math.max(0, file.size() - limitBytes);
            return new LastLines(read(file, start, limitBytes), start > 0);
        } catch (NoSuchFileException nothingPrinted) {
            return new LastLines(new byte[0], false);
        }
    }

    /** @param inLine whether they may begin in the middle of one */
    @SuppressWarnings("ArrayRecordComponent") // read once
    record LastLines(byte[] bytes, boolean inLine) {}

    /** Reads it from its beginning, piece by piece. */
    Reader reader() {
        return new Reader();
    }

    /** Knows how far the console has been read. */
    final class Reader {
        private long position;

        private Reader() {}

        /** What has come since the piece before, up to a limit. */
        byte[] next(int limitBytes) throws IOException {
            try (var file = FileChannel.open(path)) {
                var start = Math.max(position, file.size() - KEPT_BYTES);
                var bytes = read(file, start, limitBytes);
                position = start + bytes.length;
                return bytes;
            } catch (NoSuchFileException nothingPrinted) {
                return new byte[0];
            }
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
