package dev.vmplane.api;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;

/** The desired file on disk. Its methods block; what they complain of is fit to be logged. */
record DesiredFile(Path path) {
    private static final long MAX_BYTES = 1 << 20;

    /** An editor that writes in place is done when nothing has been written for so long. */
    private static final Duration QUIET = Duration.ofSeconds(1);

    /**
     * Tells one content of a file from another without reading it. Editors that replace a file keep its name and may keep
     * its size, but not the inode, which is the most of {@code key}.
     */
    record Stamp(Instant modifiedAt, long bytes, Object key) {

        /**
         * Whether the file can be taken for whole: half a list of VMs is a valid list, and would delete the other half.
         *
         * @param before what the look before found, or null
         */
        boolean settled(Stamp before, Instant now) {
            return equals(before) || modifiedAt.plus(QUIET).isBefore(now);
        }
    }

    /** The file could not be read, which says nothing about what is desired. */
    static final class Unreadable extends Exception {
        Unreadable(String reason) {
            super("the desired file cannot be read: " + reason, null, false, false);
        }
    }

    Stamp stamp() throws Unreadable {
        try {
            var attributes = Files.readAttributes(path, BasicFileAttributes.class);
            if (!attributes.isRegularFile()) {
                throw new Unreadable("it is not a regular file");
            }
            return new Stamp(attributes.lastModifiedTime().toInstant(), attributes.size(), attributes.fileKey());
        } catch (IOException failure) {
            throw unreadable(failure);
        }
    }

    /** The content that belongs to {@code stamp}. */
    String text(Stamp stamp) throws Unreadable {
        if (stamp.bytes() > MAX_BYTES) {
            throw new Unreadable("it has " + stamp.bytes() + " bytes, more than " + MAX_BYTES);
        }
        String text;
        try {
            text = Files.readString(path);
        } catch (IOException failure) {
            throw unreadable(failure);
        }
        if (!stamp.equals(stamp())) {
            throw new Unreadable("it is being written");
        }
        return text;
    }

    private static Unreadable unreadable(IOException failure) {
        if (failure instanceof NoSuchFileException) {
            return new Unreadable("there is no such file");
        }
        return new Unreadable(failure instanceof CharacterCodingException ? "it is not UTF-8" : failure.toString());
    }
}
