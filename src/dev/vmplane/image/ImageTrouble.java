package dev.vmplane.image;

import dev.vmplane.model.Refusal;

/**
 * Why an image cannot be had, in words for whoever asked for it: no paths of this host, and nothing that a registry said
 * unless it was made fit to be shown. It has no stack trace: it is an answer, not a defect.
 */
final class ImageTrouble extends RuntimeException {
    private final Refusal.Kind kind;
    private final String code;

    private ImageTrouble(Refusal.Kind kind, String code, String reason) {
        super(reason, null, false, false);
        this.kind = kind;
        this.code = code;
    }

    /** It cannot be had as it is. */
    static ImageTrouble bad(String code, String reason) {
        return new ImageTrouble(Refusal.Kind.INVALID, code, reason);
    }

    /** It may be had later, or once somebody has mended this host. */
    static ImageTrouble unavailable(String code, String reason) {
        return new ImageTrouble(Refusal.Kind.UNAVAILABLE, code, reason);
    }

    /** The same as an answer; {@code predicate} says what cannot be done with which image. */
    Refusal refusal(String predicate) {
        return new Refusal(kind, code, null, predicate + ": " + getMessage());
    }
}
