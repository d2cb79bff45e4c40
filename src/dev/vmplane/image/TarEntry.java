package dev.vmplane.image;

/**
 * One member of a tar archive.
 *
 * @param name as it is written
 * @param link what a link leads to, as it is written; empty for what is none
 * @param stored bytes of it in the archive
 * @param bytes of it once unpacked; more than {@code stored} when it has holes
 */
record TarEntry(Type type, String name, String link, long stored, long bytes, long uid, long gid) {
    enum Type {
        FILE,
        FOLDER,
        SYMLINK,
        HARD_LINK,
        DEVICE,
        PIPE
    }
}
