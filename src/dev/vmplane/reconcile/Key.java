package dev.vmplane.reconcile;

/** One thing that can be reconciled by itself. */
public sealed interface Key {
    /** A job, there or gone. */
    record Job(String jobId) implements Key {}

    /** The warm pool of a spec hash. */
    record Pool(String specHash) implements Key {}
}
