package dev.vmplane.host.disk;

import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * A freshly made file system, as the little of it that is not zero: some twenty blocks of a gigabyte. To write those
 * into a new file takes a fraction of the time that it takes to start a program which would.
 *
 * @param bytes the size of the whole
 * @param pieces what is not zero, in order
 */
record Template(long bytes, List<Piece> pieces) {
    private static final int BLOCK_BYTES = 4096;
    private static final int READ_BYTES = 256 * BLOCK_BYTES;
    private static final byte[] ZEROS = new byte[BLOCK_BYTES];

    /** What stands at an offset; its position and limit are never moved. */
    record Piece(long offset, ByteBuffer content) {}

    /**
     * Reads an image that was made with all its metadata at the beginning: then its used blocks are its first ones, and
     * nothing has to be looked for in the rest, which may be terabytes.
     */
    static Template of(Path image) throws IOException {
        try (var file = FileChannel.open(image, READ)) {
            var end = Superblock.read(file).usedBlocks() * BLOCK_BYTES;
            var pieces = new ArrayList<Piece>();
            var bytes = new byte[READ_BYTES];
            for (long offset = 0; offset < end; offset += READ_BYTES) {
                var count = (int) Math.min(READ_BYTES, end - offset);
                read(file, ByteBuffer.wrap(bytes, 0, count), offset);
                addPieces(pieces, offset, bytes, count);
            }
            return new Template(file.size(), List.copyOf(pieces));
        }
    }

    private static void addPieces(List<Piece> pieces, long offset, byte[] bytes, int count) {
        for (var at = 0; at < count; at += BLOCK_BYTES) {
            if (!Arrays.equals(bytes, at, at + BLOCK_BYTES, ZEROS, 0, BLOCK_BYTES)) {
                var block = Arrays.copyOfRange(bytes, at, at + BLOCK_BYTES);
                pieces.add(new Piece(offset + at, ByteBuffer.wrap(block).asReadOnlyBuffer()));
            }
        }
    }

    private static void read(FileChannel file, ByteBuffer buffer, long offset) throws IOException {
        while (buffer.hasRemaining()) {
            if (file.read(buffer, offset + buffer.position()) < 0) {
                throw new EOFException("the file system ends before its last used block");
            }
        }
    }

    /** Writes the whole into a new file that only its owner may read. */
    void write(Path image) throws IOException {
        var ownerOnly = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
        try (var file = FileChannel.open(image, Set.of(CREATE_NEW, WRITE), ownerOnly)) {
            // A zero at its end gives the file its length.
            write(file, ByteBuffer.allocate(1), bytes - 1);
            for (var piece : pieces) {
                write(file, piece.content().duplicate(), piece.offset());
            }
        }
    }

    private static void write(FileChannel file, ByteBuffer rest, long offset) throws IOException {
        while (rest.hasRemaining()) {
            file.write(rest, offset + rest.position());
        }
    }

    /** What is needed of ext4's superblock, at the offsets the kernel's documentation of the format gives. */
    private record Superblock(ByteBuffer fields) {
        private static final int OFFSET = 1024;
        private static final int BYTES = 1024;

        static Superblock read(FileChannel file) throws IOException {
            var fields = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
            Template.read(file, fields, OFFSET);
            return new Superblock(fields);
        }

        long usedBlocks() {
            return number(0x4, 0x150) - number(0xC, 0x158);
        }

        private long number(int low, int high) {
            return Integer.toUnsignedLong(fields.getInt(low)) | (long) fields.getInt(high) << Integer.SIZE;
        }
    }
}
