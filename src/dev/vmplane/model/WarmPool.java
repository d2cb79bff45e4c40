package dev.vmplane.model;

/**
 * How many booted, healthy and unowned VMs a job wants waiting for it. {@code max} counts warm and warming ones
 * together; {@code max} 0 means no pool.
 */
public record WarmPool(int min, int max) {
    public static final WarmPool NONE = new WarmPool(0, 0);

    /** What holds when two jobs share a pool: the larger min and the larger max. */
    public WarmPool union(WarmPool other) {
        return new WarmPool(Math.max(min, other.min), Math.max(max, other.max));
    }
}
