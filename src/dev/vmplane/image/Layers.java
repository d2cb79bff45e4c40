package dev.vmplane.image;

import dev.vmplane.image.Manifest.Part;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * Looks through the layers of images before anybody unpacks them: that they are what their manifest says, and that nothing
 * in them is meant for somewhere else. What was found in small layers is remembered, as images share them. Blocks.
 */
final class Layers {
    private static final int BUFFER_BYTES = 128 * 1024;
    private static final int REMEMBERED = 128;

    /** Layers whose names take more are looked through again: the memory is better used. */
    private static final long REMEMBERED_NAME_BYTES = 256 * 1024;

    /** A header and a half-filled block for each file. */
    private static final int ENTRY_BYTES = 2 * TarReader.BLOCK;

    private final Path blobs;
    private final ImageSettings settings;
    private final Map<String, LayerScan> known = Collections.synchronizedMap(new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, LayerScan> eldest) {
            return size() > REMEMBERED;
        }
    });

    /** {@code blobs} is where contents lie by the hexadecimal part of their digests. */
    Layers(Path blobs, ImageSettings settings) {
        this.blobs = blobs;
        this.settings = settings;
    }

    /**
     * What all layers together will take.
     *
     * @param bytes of files, in whole blocks
     */
    record Total(long bytes, long entries, long nameBytes) {}

    /** Looks through {@code layers}, from the lowest to the uppermost. */
    Total check(List<Part> layers, Stop stop) throws IOException {
        var tree = new LayerTree();
        var total = new Total(0, 0, 0);
        for (var layer : layers) {
            var scan = scan(
                    layer,
                    new LayerScan.Limits(
                            settings.maxUnpackedBytes() - total.bytes(),
                            Math.toIntExact(settings.maxFiles() - total.entries())),
                    stop);
            tree.add(scan);
            total = new Total(
                    total.bytes() + scan.bytes(),
                    total.entries() + scan.entries(),
                    total.nameBytes() + scan.nameBytes());
        }
        return total;
    }

    private LayerScan scan(Part layer, LayerScan.Limits limits, Stop stop) throws IOException {
        var remembered = known.get(layer.digest());
        if (remembered != null && remembered.bytes() <= limits.bytes() && remembered.entries() <= limits.entries()) {
            return remembered;
        }
        var scan = read(layer, limits, stop);
        if (scan.nameBytes() <= REMEMBERED_NAME_BYTES) {
            known.put(layer.digest(), scan);
        }
        return scan;
    }

    private LayerScan read(Part layer, LayerScan.Limits limits, Stop stop) throws IOException {
        var blob = blobs.resolve(layer.hex());
        if (Files.size(blob) != layer.bytes()) {
            throw wrongSize(layer, Files.size(blob));
        }
        try (var file = new DigestInputStream(
                new BufferedInputStream(Files.newInputStream(blob), BUFFER_BYTES), Manifest.sha256())) {
            return verified(file, layer, limits, stop);
        } catch (NoSuchFileException missing) {
            throw ImageTrouble.unavailable("image_incomplete", "layer " + layer.digest() + " is not on this host");
        }
    }

    /** What is found in a layer counts only when it is the layer: else whatever is wrong with it is not its maker's fault. */
    private static LayerScan verified(DigestInputStream file, Part layer, LayerScan.Limits limits, Stop stop)
            throws IOException {
        LayerScan scan = null;
        ImageTrouble trouble = null;
        try {
            scan = scan(file, layer, limits, stop);
        } catch (ImageTrouble found) {
            trouble = found;
        } catch (EOFException | ZipException torn) {
            trouble = ImageTrouble.bad("image_malformed", "a layer of it cannot be read: it is not whole, or no gzip");
        }
        stop.check();
        file.transferTo(OutputStream.nullOutputStream());
        var found = HexFormat.of().formatHex(file.getMessageDigest().digest());
        if (!found.equals(layer.hex())) {
            throw new SpoiltLayer(layer.digest(), "sha256:" + found);
        }
        if (trouble != null) {
            throw trouble;
        }
        return scan;
    }

    private static LayerScan scan(InputStream file, Part layer, LayerScan.Limits limits, Stop stop) throws IOException {
        var most = limits.bytes() + (long) limits.entries() * ENTRY_BYTES + BUFFER_BYTES;
        var unpacked = layer.gzip() ? new GZIPInputStream(file, BUFFER_BYTES) : file;
        var tar = new Bounded(unpacked, most, stop);
        var scan = LayerScan.of(tar, limits);
        // What stands behind the end of an archive is unpacked too, by whoever checks the digest of it.
        tar.transferTo(OutputStream.nullOutputStream());
        return scan;
    }

    static ImageTrouble wrongSize(Part layer, long bytes) {
        return ImageTrouble.bad(
                "image_wrong_size",
                "layer " + layer.digest() + " has " + bytes + " bytes, and its manifest says " + layer.bytes());
    }

    /** Ends what is read from it after so many bytes, or when it is told to stop. */
    private static final class Bounded extends InputStream {
        private final InputStream in;
        private final Stop stop;
        private long left;

        private Bounded(InputStream in, long most, Stop stop) {
            this.in = in;
            this.left = most;
            this.stop = stop;
        }

        @Override
        public int read() throws IOException {
            var one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int from, int length) throws IOException {
            stop.check();
            var read = in.read(into, from, length);
            left -= Math.max(0, read);
            if (left < 0) {
                throw LayerScan.tooLarge();
            }
            return read;
        }
    }
}
