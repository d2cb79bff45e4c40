package dev.vmplane.image;

import dev.vmplane.host.Removal;
import dev.vmplane.image.Manifest.Part;
import dev.vmplane.image.Manifest.Platform;
import dev.vmplane.image.Registry.Found;
import dev.vmplane.model.Image;
import dev.vmplane.model.ImageReference;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.ReadOnlyFileSystemException;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Gets images onto this host: fetches what is missing of one, looks through it, unpacks it and makes a file of it that VMs
 * boot from. Every step works in a folder of its own, and nothing gets its name before it is whole. Several may go on at
 * once, of different images. Blocks, for as long as it takes.
 */
final class Pull {
    private final ImageFiles files;
    private final Layers layers;
    private final ImageSettings settings;
    private final RegistryGuard guard;
    private final String path;
    private final LongSupplier freeBytes;

    /**
     * One for the images in {@code files}.
     *
     * @param path the directories to look for programs in
     * @param freeBytes what is left of the disk that {@code files} lie on
     */
    Pull(ImageFiles files, ImageSettings settings, String path, LongSupplier freeBytes) {
        this.files = files;
        this.layers = new Layers(files.contents(), settings);
        this.settings = settings;
        this.guard = new RegistryGuard(settings);
        this.path = path;
        this.freeBytes = freeBytes;
    }

    /**
     * What came of it.
     *
     * @param bytes that the root file system takes on the disk
     */
    record Made(Image.Progress progress, long bytes) {}

    /** What does something in a folder of its own. */
    private interface Work<T> {
        T in(Tool tool) throws IOException;
    }

    /** What {@code reference} stands for in its registry. */
    Found find(ImageReference reference, Stop stop) throws IOException {
        return inFolder(tool -> registry(tool).find(reference, stop));
    }

    /** Takes in an image from the archive of that name, which the operator has put here. */
    Found take(ImageReference archive, Stop stop) throws IOException {
        return inFolder(tool -> {
            var way = archive.name().substring(0, archive.name().indexOf(':'));
            var file = files.archives().resolve(archive.name().substring(way.length() + 1));
            return keep(tool, archive, Archive.Way.of(way), file, archive.tag(), stop);
        });
    }

    /**
     * Takes in an image from {@code file}, of whichever kind that is.
     *
     * @param name what it is to be called
     * @param tag which of several in the file is meant, or null
     */
    Found take(ImageReference name, Path file, String tag, Stop stop) throws IOException {
        return inFolder(tool -> keep(tool, name, null, file, tag, stop));
    }

    private Found keep(Tool tool, ImageReference name, Archive.Way way, Path file, String tag, Stop stop)
            throws IOException {
        var found = Archive.open(file, way, settings, stop);
        refuseUnlessRoom(found.bytes());
        Files.createSymbolicLink(tool.work().resolve("source"), file);
        var from = found.way().text() + ":source" + (tag == null ? "" : ":" + tag);
        var archived = new ImageReference(ImageReference.Kind.ARCHIVE, name.name(), name.tag(), null);
        skopeo(tool).copy(archived, from, "fetched", files.blobs(), settings.maxBytes(), stop, () -> {});
        var digest = ImageFiles.manifestIn(tool.work().resolve("fetched"));
        var image = document(digest);
        files.keepLayout(digest, digest, tool.work());
        return image;
    }

    /** What lies here under the digest of its manifest. */
    private Found document(String digest) throws IOException {
        var manifest = Manifest.read(files.read(digest));
        manifest.refuseMoreThan(settings.maxBytes());
        var image = ImageDocument.read(files.read(manifest.config().digest()));
        image.refuseUnlessFor(Platform.ofThisHost());
        return new Found(digest, manifest, image);
    }

    /**
     * Makes what VMs boot from of {@code image}, whose row says where it comes from.
     *
     * @param progress is told how far it is, now and then, on the same thread
     */
    Made make(Image image, Consumer<Image.Progress> progress, Stop stop) throws IOException {
        return inFolder(tool -> {
            var manifest = fetched(tool, image, progress, stop);
            var parts = document(manifest).manifest();
            progress.accept(complete(parts));
            if (Files.exists(files.rootfs(image.digest()))) {
                // Made before, and the news of it lost.
                return new Made(complete(parts), RootfsMaker.diskBytes(tool, files.rootfs(image.digest()), stop));
            }
            try {
                var total = layers.check(parts.layers(), stop);
                refuseUnlessRoom(RootfsMaker.roomFor(total));
                return made(tool, image, manifest, parts, total, stop);
            } catch (SpoiltLayer spoilt) {
                // The next attempt shall fetch it anew.
                Files.deleteIfExists(files.content(spoilt.digest()));
                throw spoilt.trouble();
            }
        });
    }

    private Made made(Tool tool, Image image, String manifest, Manifest parts, Layers.Total total, Stop stop)
            throws IOException {
        var layout = tool.work().resolve("image");
        files.writeLayout(layout, manifest);
        var largest = Math.max(settings.maxUnpackedBytes(), RootfsMaker.imageBytes(total));
        try (var den = Den.open(tool, layout, files.blobs(), settings, largest)) {
            try {
                var maker = new RootfsMaker(den, tool);
                var made = maker.make(image.digest(), total, stop);
                var bytes = RootfsMaker.diskBytes(tool, made, stop);
                stop.check();
                files.keepRootfs(image.digest(), made);
                return new Made(complete(parts), bytes);
            } finally {
                den.clear();
            }
        }
    }

    private static Image.Progress complete(Manifest parts) {
        return new Image.Progress(
                parts.bytes(),
                parts.bytes(),
                parts.layers().size(),
                parts.layers().size());
    }

    /** The digest of the manifest of all that is here of an image, after it has been made sure that it is. */
    private String fetched(Tool tool, Image image, Consumer<Image.Progress> progress, Stop stop) throws IOException {
        var here = files.manifest(image.digest());
        if (here != null && isWhole(here)) {
            return here;
        }
        var trouble = ImageTrouble.unavailable(
                "image_incomplete", "it is not on this host any more: load it, or build it, once more");
        for (var reference : image.references()) {
            try {
                return fetch(tool, ImageReference.parse(reference), image.digest(), progress, stop);
            } catch (ImageTrouble failed) {
                trouble = failed;
                stop.check();
            }
        }
        throw trouble;
    }

    private boolean isWhole(String manifest) throws IOException {
        try {
            var parts = Manifest.read(files.read(manifest));
            files.read(parts.config().digest());
            return parts.layers().stream().allMatch(layer -> Files.exists(files.content(layer.digest())));
        } catch (ImageTrouble incomplete) {
            return false;
        }
    }

    private String fetch(
            Tool tool, ImageReference reference, String digest, Consumer<Image.Progress> progress, Stop stop)
            throws IOException {
        return switch (reference.kind()) {
            case LOCAL ->
                throw ImageTrouble.unavailable(
                        "image_incomplete", "it is not on this host any more: load it, or build it, once more");
            case ARCHIVE -> {
                var found = take(reference, stop).digest();
                if (!found.equals(digest)) {
                    throw ImageTrouble.refused("image_changed", "its archive holds something else by now");
                }
                yield found;
            }
            case REGISTRY -> fetchFromRegistry(tool, reference, digest, progress, stop);
        };
    }

    private String fetchFromRegistry(
            Tool tool, ImageReference reference, String digest, Consumer<Image.Progress> progress, Stop stop)
            throws IOException {
        var pinned = new ImageReference(reference.kind(), reference.name(), null, digest);
        var parts = registry(tool).find(pinned, stop).manifest();
        refuseUnlessRoom(parts.bytes());
        var into = tool.work().resolve("fetched");
        var from = "docker://" + Registry.at(reference, digest);
        skopeo(tool)
                .copy(
                        reference,
                        from,
                        "fetched",
                        files.blobs(),
                        largest(parts),
                        stop,
                        () -> progress.accept(progress(parts, into)));
        var manifest = ImageFiles.manifestIn(into);
        for (var layer : parts.layers()) {
            refuseUnlessAsSaid(layer);
        }
        files.keepLayout(digest, manifest, tool.work());
        return manifest;
    }

    /** A part that never ends must not fill the disk before its digest is found to be wrong. */
    private long largest(Manifest parts) {
        if (!parts.layers().stream().allMatch(Part::gzip)) {
            return settings.maxBytes(); // packed anew, it may take more than it was said to
        }
        return Math.max(
                parts.layers().stream().mapToLong(Part::bytes).max().orElse(0),
                Math.max(parts.config().bytes(), Manifest.MAX_BYTES));
    }

    /** Layers that came as they are in the registry have the size that its manifest says. */
    private void refuseUnlessAsSaid(Part layer) throws IOException {
        try {
            var bytes = Files.size(files.content(layer.digest()));
            if (bytes != layer.bytes()) {
                throw Layers.wrongSize(layer, bytes);
            }
        } catch (NoSuchFileException packedAnew) {
            return;
        }
    }

    /** By what lies here: skopeo writes what is on its way beside the layout that it fills. */
    private Image.Progress progress(Manifest parts, Path into) {
        var bytes = 0L;
        var complete = 0;
        for (var layer : parts.layers()) {
            if (Files.exists(files.content(layer.digest()))) {
                bytes += layer.bytes();
                complete++;
            }
        }
        bytes += onTheWay(into);
        return new Image.Progress(
                Math.min(bytes, parts.bytes()),
                parts.bytes(),
                complete,
                parts.layers().size());
    }

    private static long onTheWay(Path into) {
        try {
            return ImageFiles.entries(into).stream()
                    .filter(name -> name.startsWith("oci-put-blob"))
                    .mapToLong(name -> into.resolve(name).toFile().length())
                    .sum();
        } catch (IOException notToldNow) {
            return 0;
        }
    }

    private void refuseUnlessRoom(long bytes) {
        var free = freeBytes.getAsLong();
        if (bytes > free) {
            throw ImageTrouble.unavailable(
                    "image_disk_full",
                    "it needs " + Sizes.text(bytes) + " for a while, and the disk of this host has " + Sizes.text(free)
                            + " left");
        }
    }

    private Registry registry(Tool tool) {
        return new Registry(skopeo(tool), guard, settings);
    }

    private Skopeo skopeo(Tool tool) {
        return new Skopeo(tool, settings);
    }

    private <T> T inFolder(Work<T> work) throws IOException {
        var folder = folder();
        try {
            return work.in(new Tool(path, folder));
        } finally {
            Removal.of(folder);
        }
    }

    private Path folder() throws IOException {
        try {
            files.prepare();
            return Files.createTempDirectory(files.work(), "");
        } catch (AccessDeniedException | ReadOnlyFileSystemException unusable) {
            throw ImageTrouble.unavailable(
                    "image_directory_unusable", "the server may not write into the image directory of this host");
        }
    }
}
