package dev.vmplane.host.disk;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Makes disks for changes to the root. The first of a size is formatted, every further one written from what came of
 * that. A host has few sizes in use; the ones used last are remembered. Everything here blocks.
 */
final class OverlayTemplates {
    private static final int MAX_SIZES = 32;

    private final Mke2fs mke2fs;
    private final Map<Integer, Template> bySizeMib = new LinkedHashMap<>(MAX_SIZES, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Integer, Template> eldest) {
            return size() > MAX_SIZES;
        }
    };

    OverlayTemplates(Mke2fs mke2fs) {
        this.mke2fs = mke2fs;
    }

    /** Makes a disk, under its name only when it is whole. One that is there is kept. */
    void make(Path disk, int sizeMib) throws IOException {
        if (Files.exists(disk)) {
            return;
        }
        var template = template(disk.resolveSibling("template.img"), sizeMib);
        var unfinished = disk.resolveSibling(disk.getFileName() + ".new");
        try {
            Files.deleteIfExists(unfinished);
            template.write(unfinished);
            Files.move(unfinished, disk, ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(unfinished);
        }
    }

    /** One at a time, so that many VMs of a new size do not format a disk each. */
    private synchronized Template template(Path scratch, int sizeMib) throws IOException {
        var known = bySizeMib.get(sizeMib);
        if (known != null) {
            return known;
        }
        try {
            Files.deleteIfExists(scratch);
            mke2fs.formatOverlay(scratch, sizeMib);
            var template = Template.of(scratch);
            bySizeMib.put(sizeMib, template);
            return template;
        } finally {
            Files.deleteIfExists(scratch);
        }
    }
}
