package dev.vmplane.model;

/**
 * An image that a reference meant when it was looked up.
 *
 * @param reference in full and with its digest: {@code docker.io/library/nginx:1.27@sha256:...}
 */
public record PinnedImage(String reference, ImageConfig config) {
    /** What separates the name a person gave from the digest it stood for. */
    private static final String AT = "@";

    /** The digest alone, which is also what a VM boots from. */
    public String digest() {
        return digestOf(reference);
    }

    /** The part of a pinned reference that a person gave. */
    public static String nameOf(String reference) {
        return reference.substring(0, reference.lastIndexOf(AT));
    }

    /** The part of a pinned reference that says what is in the image. */
    public static String digestOf(String reference) {
        return reference.substring(reference.lastIndexOf(AT) + 1);
    }
}
