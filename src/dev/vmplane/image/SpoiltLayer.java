package dev.vmplane.image;

/** A layer on this host is not what its digest says: it has to be fetched anew. */
final class SpoiltLayer extends RuntimeException {
    private final String digest;

    SpoiltLayer(String digest, String found) {
        super("layer " + digest + " has the digest " + found, null, false, false);
        this.digest = digest;
    }

    String digest() {
        return digest;
    }

    ImageTrouble trouble() {
        return ImageTrouble.unavailable("image_wrong_digest", getMessage());
    }
}
