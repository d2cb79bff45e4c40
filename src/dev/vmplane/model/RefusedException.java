package dev.vmplane.model;

/** Carries a {@link Refusal} through a future. It has no stack trace: it is an answer, not a defect. */
public final class RefusedException extends RuntimeException {
    private final transient Refusal refusal;

    public RefusedException(Refusal refusal) {
        super(refusal.message(), null, false, false);
        this.refusal = refusal;
    }

    public Refusal refusal() {
        return refusal;
    }
}
