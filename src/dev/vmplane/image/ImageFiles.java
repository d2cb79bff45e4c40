package dev.vmplane.image;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;

import dev.vmplane.host.Removal;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Where images lie in the image directory. Everything has a name that says what is in it, and gets it in one step, when it
 * is whole:
 *
 * <pre>
 * rootfs/sha256-HEX.ext4     what VMs boot from, by the digest of the image
 * oci/blobs/sha256/HEX       manifests, configurations and layers, shared by the images
 * oci/layouts/HEX/           which of them make up an image
 * oci/work/                  what is being made; nobody looks for anything there
 * oci/incoming/              archives on their way in
 * oci/database               whose images these are
 * archives/                  what the operator put there to be asked for by name
 * </pre>
 *
 * Blocks.
 */
final class ImageFiles {
    private static final String PREFIX = "sha256-";
    private static final String SUFFIX = ".ext4";
    private static final String MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";

    /** What the one image in a layout is called there. */
    static final String TAG = "image";

    private final Path directory;
    private final String databaseId;

    /** In {@code directory}, for the rows of the database of that id. */
    ImageFiles(Path directory, String databaseId) {
        this.directory = directory.toAbsolutePath().normalize();
        this.databaseId = databaseId;
    }

    /** What a VM boots from whose image has that digest, in the image directory {@code directory}. */
    static Path rootfs(Path directory, String digest) {
        return directory.resolve("rootfs").resolve(PREFIX + hex(digest) + SUFFIX);
    }

    Path rootfs(String digest) {
        return rootfs(directory, digest);
    }

    /** Where skopeo puts what images share: it makes a folder for each way to take digests. */
    Path blobs() {
        return directory.resolve("oci").resolve("blobs");
    }

    Path contents() {
        return blobs().resolve("sha256");
    }

    Path content(String digest) {
        return contents().resolve(hex(digest));
    }

    Path work() {
        return directory.resolve("oci").resolve("work");
    }

    Path incoming() {
        return incoming(directory);
    }

    /** Where an archive lies that was sent to this host, in the image directory {@code directory}. */
    static Path incoming(Path directory) {
        return directory.resolve("oci").resolve("incoming");
    }

    Path archives() {
        return directory.resolve("archives");
    }

    private Path layouts() {
        return directory.resolve("oci").resolve("layouts");
    }

    private Path layout(String digest) {
        return layouts().resolve(hex(digest));
    }

    private static String hex(String digest) {
        return digest.substring(digest.indexOf(':') + 1);
    }

    /** Whether nobody else's images are here: those of another database are not to be tidied up. */
    boolean ours() throws IOException {
        try {
            return Files.readString(owner()).equals(databaseId);
        } catch (NoSuchFileException nobodys) {
            return true;
        }
    }

    private Path owner() {
        return directory.resolve("oci").resolve("database");
    }

    /**
     * Makes all the folders before the first image comes, whatever is the usual mode of files here: whoever unpacks an image
     * is another user, and hypervisors may be.
     */
    void prepare() throws IOException {
        var open = PosixFilePermissions.fromString("rwxr-xr-x");
        for (var folder :
                List.of(directory.resolve("rootfs"), blobs(), contents(), layouts(), work(), incoming(), archives())) {
            if (!Files.isDirectory(folder, NOFOLLOW_LINKS)) {
                Files.createDirectories(folder);
                Files.setPosixFilePermissions(folder, open);
            }
        }
        if (Files.notExists(owner())) {
            Files.writeString(owner(), databaseId);
        }
    }

    /** Removes what nobody goes on with that was begun before. */
    void clearWork() throws IOException {
        for (var folder : List.of(work(), incoming())) {
            for (var left : entries(folder)) {
                Removal.of(folder.resolve(left));
            }
        }
    }

    /** The digests of the root file systems that are here. */
    Set<String> rooted() throws IOException {
        return entries(directory.resolve("rootfs")).stream()
                .filter(name -> name.startsWith(PREFIX) && name.endsWith(SUFFIX))
                .map(name -> "sha256:" + name.substring(PREFIX.length(), name.length() - SUFFIX.length()))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** The digests of the images whose parts are known here. */
    Set<String> laidOut() throws IOException {
        return entries(layouts()).stream().map(hex -> "sha256:" + hex).collect(Collectors.toCollection(TreeSet::new));
    }

    /** The digest under which the manifest of an image lies here, or null. */
    String manifest(String digest) throws IOException {
        return manifestIn(layout(digest));
    }

    /** The digest of the manifest that the layout {@code folder} names, or null if there is none. */
    static String manifestIn(Path folder) throws IOException {
        byte[] index;
        try (var in = Files.newInputStream(folder.resolve("index.json"))) {
            index = in.readNBytes(Manifest.MAX_BYTES);
        } catch (NoSuchFileException missing) {
            return null;
        }
        return Manifest.json(index).getValue("manifests") instanceof JsonArray all
                        && all.size() == 1
                        && all.getValue(0) instanceof JsonObject one
                        && one.getValue("digest") instanceof String found
                        && found.matches("sha256:[0-9a-f]{64}")
                ? found
                : null;
    }

    /** A manifest or configuration that lies here, if it is what its digest says. */
    byte[] read(String digest) throws IOException {
        byte[] content;
        try (var in = Files.newInputStream(content(digest), NOFOLLOW_LINKS)) {
            content = in.readNBytes(Manifest.MAX_BYTES + 1);
        } catch (NoSuchFileException missing) {
            throw ImageTrouble.unavailable("image_incomplete", "a part of it is not on this host any more");
        }
        if (!Manifest.digestOf(content).equals(digest)) {
            throw ImageTrouble.bad("image_wrong_digest", "a part of it is not what its digest " + digest + " says");
        }
        return content;
    }

    /** Writes a layout for umoci into {@code folder}: of one image, whose parts lie elsewhere. */
    void writeLayout(Path folder, String manifest) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
        var part = new JsonObject()
                .put("mediaType", MANIFEST_TYPE)
                .put("digest", manifest)
                .put("size", Files.size(content(manifest)))
                .put("annotations", new JsonObject().put("org.opencontainers.image.ref.name", TAG));
        Files.writeString(
                folder.resolve("index.json"),
                new JsonObject()
                        .put("schemaVersion", 2)
                        .put("manifests", new JsonArray().add(part))
                        .encode());
    }

    /** Remembers which parts make up the image {@code digest}; {@code manifest} names them. */
    void keepLayout(String digest, String manifest, Path work) throws IOException {
        if (manifest.equals(manifest(digest))) {
            return;
        }
        var made = work.resolve("layout");
        writeLayout(made, manifest);
        Removal.of(layout(digest));
        Files.move(made, layout(digest), ATOMIC_MOVE);
    }

    /** Gives a finished root file system its name, once it is on the disk and cannot be lost any more. */
    void keepRootfs(String digest, Path made) throws IOException {
        try (var file = FileChannel.open(made, StandardOpenOption.WRITE, NOFOLLOW_LINKS)) {
            file.force(true);
        }
        Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rw-r--r--"));
        Files.move(made, rootfs(digest), ATOMIC_MOVE, REPLACE_EXISTING);
        try (var folder = FileChannel.open(directory.resolve("rootfs"), StandardOpenOption.READ)) {
            folder.force(true);
        }
    }

    /** Removes the root file system of an image and the memory of its parts; the parts go with {@link #removeUnused}. */
    void remove(String digest) throws IOException {
        Files.deleteIfExists(rootfs(digest));
        Removal.of(layout(digest));
    }

    /** Removes every content that is part of no image. Nothing may be on its way in meanwhile. */
    void removeUnused() throws IOException {
        var used = new HashSet<String>();
        for (var digest : laidOut()) {
            var manifest = manifest(digest);
            if (manifest != null && Files.exists(content(manifest))) {
                used.add(hex(manifest));
                var parts = Manifest.read(read(manifest));
                used.add(parts.config().hex());
                parts.layers().forEach(layer -> used.add(layer.hex()));
            }
        }
        for (var name : entries(contents())) {
            if (!used.contains(name)) {
                Removal.of(contents().resolve(name));
            }
        }
    }

    /** What the contents take that images are made of. */
    long contentBytes() throws IOException {
        var bytes = 0L;
        for (var name : entries(contents())) {
            bytes += contents().resolve(name).toFile().length();
        }
        return bytes;
    }

    /** What is free for whoever may not use the last of it. */
    long freeBytes() throws IOException {
        return Files.getFileStore(directory).getUsableSpace();
    }

    static List<String> entries(Path folder) throws IOException {
        try (var entries = Files.list(folder)) {
            return entries.map(entry -> entry.getFileName().toString()).toList();
        } catch (NoSuchFileException missing) {
            return List.of();
        }
    }
}
