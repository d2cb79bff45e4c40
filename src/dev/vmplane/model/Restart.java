package dev.vmplane.model;

/** Whether a guest that ended gets a successor. {@code maxAttempts} counts lives in a row that failed, the first
 * included; 0 means no limit. */
public record Restart(Policy policy, int maxAttempts) {
    public enum Policy {
        ALWAYS,
        /** Only after a failure: a non-zero exit status, a signal, or a VM that was lost. */
        ON_FAILURE,
        NEVER
    }
}
