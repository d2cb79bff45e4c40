package dev.vmplane.image;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/**
 * An archive with images in it, looked through before anybody reads it for what it says.
 *
 * @param bytes of what is in it
 */
record Archive(Way way, long bytes) {
    private static final int MAX_ENTRIES = 100_000;

    /** How it is read. */
    enum Way {
        DOCKER_ARCHIVE("docker-archive"),
        OCI_ARCHIVE("oci-archive"),
        OCI("oci");

        private final String text;

        Way(String text) {
            this.text = text;
        }

        String text() {
            return text;
        }

        static Way of(String text) {
            for (var way : values()) {
                if (way.text.equals(text)) {
                    return way;
                }
            }
            throw new IllegalArgumentException(text);
        }
    }

    /**
     * Looks through {@code file}.
     *
     * @param way how it is to be read, or null to find out
     */
    static Archive open(Path file, Way way, ImageSettings settings, Stop stop) throws IOException {
        if (way == Way.OCI) {
            if (!Files.isDirectory(file, NOFOLLOW_LINKS)) {
                throw ImageTrouble.refused(
                        "image_unknown", "there is no such directory among the archives of this host");
            }
            return new Archive(way, 0);
        }
        if (!Files.isRegularFile(file, NOFOLLOW_LINKS)) {
            throw ImageTrouble.refused("image_unknown", "there is no such file among the archives of this host");
        }
        try (var in = new BufferedInputStream(Files.newInputStream(file))) {
            var names = new HashSet<String>();
            var bytes = 0L;
            var linked = false;
            var reader = new TarReader(in);
            for (var entry = reader.next(); entry != null; entry = reader.next()) {
                stop.check();
                names.add(LayerScan.clean(entry.name(), entry.name()));
                bytes += entry.bytes();
                linked |= entry.type() != TarEntry.Type.FILE && entry.type() != TarEntry.Type.FOLDER;
                if (names.size() > MAX_ENTRIES || bytes > settings.maxBytes()) {
                    throw ImageTrouble.bad("image_too_large", "its archive holds more than this host takes");
                }
            }
            var found = way == null ? kind(names) : way;
            // This one is unpacked as a whole before it is read.
            if (linked && found == Way.OCI_ARCHIVE) {
                throw ImageTrouble.bad("image_malformed", "its archive holds links or devices");
            }
            return new Archive(found, bytes);
        }
    }

    private static Way kind(Set<String> names) {
        if (names.contains("oci-layout") && names.contains("index.json")) {
            return Way.OCI_ARCHIVE;
        }
        if (names.contains("manifest.json")) {
            return Way.DOCKER_ARCHIVE;
        }
        throw ImageTrouble.bad(
                "image_malformed", "it is no archive of an image: save it as oci-archive or docker-archive, unpacked");
    }
}
