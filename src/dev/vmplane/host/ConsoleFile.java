package dev.vmplane.host;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/**
 * Pieces of the file a console is kept in. It is opened for each; one that does not exist reads as empty. The launcher
 * makes a hole of what lies far behind, so a reader that was left behind goes on where there is something to read.
 */
record ConsoleFile(Path path, long keptBytes) {
    /** What the launcher keeps of a file, see its {@code output.c}. */
    private static final long KEPT_BYTES = 8L * 1024 * 1024;

    /** One that the launcher keeps bounded. */
    ConsoleFile(Path path) {
        this(path, KEPT_BYTES);
    }

    /**
     * What was read in one go.
     *
     * @param start where it lies in the file: behind the place that was asked for, when that is kept no more
     * @param fileBytes how long the file was
     */
    @SuppressWarnings("ArrayRecordComponent") // nobody writes to it once it is in here
    record Piece(long start, byte[] bytes, long fileBytes) {
        static final Piece NONE = new Piece(0, new byte[0], 0);
    }

    /** What there is at {@code position}, up to a limit; nothing when there is no file. */
    Optional<Piece> piece(long position, int limitBytes) throws IOException {
        try (var file = FileChannel.open(path)) {
            var size = file.size();
            var start = Math.max(Math.min(position, size), size - keptBytes);
            return Optional.of(new Piece(start, read(file, start, limitBytes), size));
        } catch (NoSuchFileException nothingPrinted) {
            return Optional.empty();
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
                var start = Math.max(position, file.size() - keptBytes);
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
