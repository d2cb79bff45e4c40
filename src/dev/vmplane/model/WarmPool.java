package dev.vmplane.model;

/**
 * How many booted, healthy and unowned VMs a job wants waiting for it. {@code max} counts warm and warming ones
 * together; {@code max} 0 means no pool.
 */
public record WarmPool(int min, int max, Mode mode) {
    public static final WarmPool NONE = new WarmPool(0, 0);

    /** One whose VMs keep running. */
    public WarmPool(int min, int max) {
        this(min, max, Mode.RUNNING);
    }

    /** What the CPUs of a warm VM do. */
    public enum Mode {
        /** They run, so the guest stays up to date. */
        RUNNING,
        /** They are stopped until the VM is attached: it costs memory and nothing else. */
        PAUSED
    }

    /** What holds when two jobs share a pool: the larger min and the larger max, and one that runs serves both. */
    public WarmPool union(WarmPool other) {
        var both = mode == Mode.PAUSED && other.mode == Mode.PAUSED ? Mode.PAUSED : Mode.RUNNING;
        return new WarmPool(Math.max(min, other.min), Math.max(max, other.max), both);
    }
}
