package dev.vmplane.image;

import dev.vmplane.image.Layers.Total;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.UUID;

/**
 * Makes the root file system of an image: umoci puts its layers on top of each other, mke2fs makes ext4 of what comes out.
 * It is only ever mounted to be read, so it has no journal and no room to grow. Blocks.
 */
final class RootfsMaker {
    private static final int BLOCK_BYTES = 4096;
    private static final int INODE_BYTES = 256;
    private static final int SPARE_INODES = 1024;
    private static final long SPARE_BYTES = 16L * 1024 * 1024;
    private static final String IMAGE = "rootfs.ext4";

    /** Every feature is named, so that the host's own defaults, which may be newer than the guest's kernel, have no say. */
    private static final String FEATURES =
            "none,64bit,dir_index,dir_nlink,ext_attr,extent,extra_isize,filetype,flex_bg,"
                    + "huge_file,large_file,metadata_csum,sparse_super";

    private final Den den;
    private final Tool tool;

    RootfsMaker(Den den, Tool tool) {
        this.den = den;
        this.tool = tool;
    }

    /** What {@link #make} may need of the disk for an image of that size, at most. */
    static long roomFor(Total total) {
        return total.bytes() + imageBytes(total);
    }

    /** Apparent: what is not used of it takes nothing. */
    static long imageBytes(Total total) {
        var inodes = (total.entries() + SPARE_INODES) * INODE_BYTES;
        var folders = total.entries() * BLOCK_BYTES + 2 * total.nameBytes();
        return (total.bytes() + inodes + folders) / 16 * 17 + SPARE_BYTES;
    }

    /** The finished file, of the image {@code digest}; it is still to be given its name. */
    Path make(String digest, Total total, Stop stop) throws IOException {
        var umoci = tool.program("umoci", "umoci");
        var mke2fs = tool.program("mke2fs", "e2fsprogs");
        demand(
                den.run(List.of(umoci, "raw", "unpack", "--image", "image:" + ImageFiles.TAG, "rootfs"), stop),
                "unpacked");
        demand(den.run(format(mke2fs, digest, total), stop), "made into a file system");
        return den.take(IMAGE);
    }

    private static List<String> format(String mke2fs, String digest, Total total) {
        // Equal images get equal names, so that what is made of one twice differs in times only.
        var uuid =
                UUID.nameUUIDFromBytes(digest.getBytes(StandardCharsets.UTF_8)).toString();
        return List.of(
                mke2fs,
                "-q",
                "-F",
                "-t",
                "ext4",
                "-b",
                Integer.toString(BLOCK_BYTES),
                "-I",
                Integer.toString(INODE_BYTES),
                "-N",
                Long.toString(total.entries() + SPARE_INODES),
                "-m",
                "0",
                "-O",
                FEATURES,
                "-U",
                uuid,
                "-E",
                "nodiscard,lazy_itable_init=1,root_owner=0:0,hash_seed=" + uuid,
                "-d",
                "rootfs",
                IMAGE,
                (imageBytes(total) + 1023) / 1024 + "k");
    }

    private static void demand(Tool.Outcome outcome, String what) {
        if (outcome.good()) {
            return;
        }
        var complaint = outcome.complaint() + outcome.output().toString();
        var lower = complaint.toLowerCase(Locale.ROOT);
        if (lower.contains("no space left on device") || lower.contains("disk quota exceeded")) {
            throw ImageTrouble.unavailable("image_disk_full", "the disk of this host is full");
        }
        if (lower.contains("file too large") || lower.contains("sigxfsz") || outcome.status() == 128 + 25) {
            throw LayerScan.tooLarge();
        }
        var last = complaint
                .lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .reduce("status " + outcome.status(), (line, next) -> next);
        throw ImageTrouble.bad("image_malformed", "it cannot be " + what + ": " + SkopeoComplaint.shown(last));
    }

    /** What {@code file} really takes of the disk. */
    static long diskBytes(Tool tool, Path file, Stop stop) throws IOException {
        var outcome = tool.run(List.of("stat", "--format=%b %B", file.toString()), stop);
        var words = outcome.output().toString().strip().split(" ", -1);
        if (!outcome.good() || words.length != 2) {
            throw new IOException("the size of an image is not known: " + outcome.complaint());
        }
        return Long.parseLong(words[0]) * Long.parseLong(words[1]);
    }
}
