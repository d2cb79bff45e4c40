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

    /**
     * What holds when two jobs share a pool: the larger min and the larger max. One that runs serves both, so VMs are
     * paused only if nobody who wants any wants them running.
     */
    public WarmPool union(WarmPool other) {
        var paused = wants(Mode.PAUSED) || other.wants(Mode.PAUSED);
        var running = wants(Mode.RUNNING) || other.wants(Mode.RUNNING);
        return new WarmPool(
                Math.max(min, other.min), Math.max(max, other.max), paused && !running ? Mode.PAUSED : Mode.RUNNING);
    }

    /** Whether it wants VMs at all, and wants them so. */
    public boolean wants(Mode asked) {
        return max > 0 && mode == asked;
    }
}
