package dev.vmplane.image;

import dev.vmplane.model.Refusal;

/**
 * Why an image cannot be had, in words for whoever asked for it: no paths of this host, and nothing that a registry said
 * unless it was made fit to be shown. It has no stack trace: it is an answer, not a defect.
 */
final class ImageTrouble extends RuntimeException {
    private final Refusal.Kind kind;
    private final String code;
    private final boolean permanent;

    private ImageTrouble(Refusal.Kind kind, String code, String reason, boolean permanent) {
        super(reason, null, false, false);
        this.kind = kind;
        this.code = code;
        this.permanent = permanent;
    }

    /** It is of such a kind that it never can be had. */
    static ImageTrouble bad(String code, String reason) {
        return new ImageTrouble(Refusal.Kind.INVALID, code, reason, true);
    }

    /** It cannot be had unless somebody changes something: the registry, or how this host is set up. */
    static ImageTrouble refused(String code, String reason) {
        return new ImageTrouble(Refusal.Kind.INVALID, code, reason, false);
    }

    /** It may be had later, or once this host is mended. */
    static ImageTrouble unavailable(String code, String reason) {
        return new ImageTrouble(Refusal.Kind.UNAVAILABLE, code, reason, false);
    }

    /** Whether what is in it is at fault, which never changes: it is called by its digest. */
    boolean permanent() {
        return permanent;
    }

    /** The same as an answer; {@code predicate} says what cannot be done with which image. */
    Refusal refusal(String predicate) {
        return new Refusal(kind, code, null, predicate + ": " + getMessage());
    }
}
