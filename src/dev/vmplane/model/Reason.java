package dev.vmplane.model;

/** A {@link ReasonCode} for programs with a sentence for people; the sentence may be shown to the tenant. */
public record Reason(ReasonCode code, String detail) {
    private static final int MAX_DETAIL = 500;

    public Reason {
        if (detail.length() > MAX_DETAIL) {
            detail = detail.substring(0, MAX_DETAIL - 1) + "…";
        }
    }

    @Override
    public String toString() {
        return code.text() + ": " + detail;
    }
}
