package dev.vmplane.image;

import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What is in one layer, found out without unpacking it. What no honest layer holds is refused here, before a program that
 * writes files sees it: names that lead out of the image, files beyond measure, owners that cannot be.
 *
 * @param bytes what its files take, each a whole number of blocks
 * @param entries how many members it has
 * @param nameBytes what their names take
 * @param folders every folder that it names
 * @param through every folder that one of its members lies in
 * @param links symbolic links by name
 * @param gone what it takes from the layers below
 * @param emptied folders that it takes everything out of that the layers below have in them
 */
record LayerScan(
        long bytes,
        int entries,
        long nameBytes,
        Set<String> folders,
        Set<String> through,
        Map<String, String> links,
        Set<String> gone,
        Set<String> emptied) {

    static final String WHITEOUT = ".wh.";
    private static final String OPAQUE = ".wh..wh..opq";
    private static final int BLOCK = 4096;
    private static final int MAX_NAME = 4096;
    private static final int MAX_COMPONENT = 255;
    private static final long MAX_ALL_NAMES = 256L * 1024 * 1024;

    /** Users and groups of an image are mapped to as many of the host. */
    static final int MAX_OWNER = 65_535;

    /** What a layer may hold, given those below it. */
    record Limits(long bytes, int entries) {}

    /** Reads {@code tar} to its end. */
    static LayerScan of(InputStream tar, Limits limits) throws IOException {
        var scan = new LayerScan.Reading(limits);
        var reader = new TarReader(tar);
        for (var entry = reader.next(); entry != null; entry = reader.next()) {
            scan.add(entry);
        }
        return scan.end();
    }

    /** A layer of which a part has been read. */
    private static final class Reading {
        private final Limits limits;
        private final Set<String> folders = new TreeSet<>();
        private final Set<String> through = new TreeSet<>();
        private final Map<String, String> links = new HashMap<>();
        private final Set<String> gone = new TreeSet<>();
        private final Set<String> emptied = new TreeSet<>();
        private long bytes;
        private int entries;
        private long nameBytes;

        private Reading(Limits limits) {
            this.limits = limits;
        }

        private void add(TarEntry entry) {
            var name = clean(entry.name(), entry.name());
            entries++;
            nameBytes += name.length() + entry.link().length();
            bytes += (entry.bytes() + BLOCK - 1) / BLOCK * BLOCK;
            if (entries > limits.entries() || nameBytes > MAX_ALL_NAMES) {
                throw ImageTrouble.bad(
                        "image_too_many_files",
                        "it has more files than this host takes: " + limits.entries() + " in all");
            }
            if (bytes > limits.bytes() || entry.bytes() > limits.bytes()) {
                throw tooLarge();
            }
            if (entry.uid() > MAX_OWNER || entry.gid() > MAX_OWNER) {
                throw ImageTrouble.bad(
                        "image_bad_owner", shown(entry.name()) + " belongs to a user or group above " + MAX_OWNER);
            }
            if (!name.isEmpty()) {
                sort(entry, name);
            }
        }

        private void sort(TarEntry entry, String name) {
            var parent = parent(name);
            if (!parent.isEmpty()) {
                through.add(parent);
            }
            var last = name.substring(name.lastIndexOf('/') + 1);
            if (last.startsWith(WHITEOUT)) {
                hide(entry, parent, last);
                return;
            }
            switch (entry.type()) {
                case FOLDER -> folders.add(name);
                case SYMLINK -> links.put(name, link(entry));
                case HARD_LINK -> {
                    var target = parent(clean(link(entry), entry.name()));
                    if (!target.isEmpty()) {
                        through.add(target);
                    }
                }
                case FILE, DEVICE, PIPE -> {}
            }
        }

        private void hide(TarEntry entry, String parent, String last) {
            if (last.equals(OPAQUE)) {
                emptied.add(parent);
                return;
            }
            var hidden = last.substring(WHITEOUT.length());
            if (hidden.isEmpty() || hidden.equals(".") || hidden.equals("..")) {
                throw ImageTrouble.bad("image_bad_name", shown(entry.name()) + " would remove the folder it lies in");
            }
            gone.add(parent.isEmpty() ? hidden : parent + "/" + hidden);
        }

        private static String link(TarEntry entry) {
            if (entry.link().isEmpty() || entry.link().length() > MAX_NAME) {
                throw ImageTrouble.bad("image_bad_link", shown(entry.name()) + " is a link to nothing");
            }
            return entry.link();
        }

        private LayerScan end() {
            return new LayerScan(bytes, entries, nameBytes, folders, through, links, gone, emptied);
        }
    }

    static ImageTrouble tooLarge() {
        return ImageTrouble.bad("image_too_large", "unpacked, it takes more room than this host gives one image");
    }

    /** {@code name} without what means nothing; {@code owner} is what is complained of. */
    static String clean(String name, String owner) {
        if (name.isEmpty() || name.length() > MAX_NAME || name.indexOf('\0') >= 0) {
            throw ImageTrouble.bad("image_bad_name", "one of its files has no name, or one of more than " + MAX_NAME);
        }
        if (name.startsWith("/")) {
            throw ImageTrouble.bad("image_bad_name", shown(owner) + " leads out of the image: its name is absolute");
        }
        var clean = new StringBuilder();
        for (var component : List.of(name.split("/"))) {
            if (component.equals("..")) {
                throw ImageTrouble.bad(
                        "image_bad_name", shown(owner) + " leads out of the image: it has .. in its name");
            }
            if (component.length() > MAX_COMPONENT) {
                throw ImageTrouble.bad("image_bad_name", shown(owner) + " has too long a name");
            }
            if (!component.isEmpty() && !component.equals(".")) {
                clean.append(clean.isEmpty() ? "" : "/").append(component);
            }
        }
        return clean.toString();
    }

    private static String parent(String name) {
        return name.substring(0, Math.max(0, name.lastIndexOf('/')));
    }

    static String shown(String name) {
        return "'" + Words.shown(name, 80) + "'";
    }
}
