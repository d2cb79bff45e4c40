package dev.vmplane.reconcile;

import dev.vmplane.model.VolumeKey;

/** One thing that can be reconciled by itself. */
public sealed interface Key {
    /** A job, there or gone. */
    record Job(String jobId) implements Key {}

    /** The warm pool of a spec hash. */
    record Pool(String specHash) implements Key {}

    /** The jobs that name a volume. */
    record Volume(VolumeKey key) implements Key {}

    /** The jobs that name an image, and their pools. */
    record Image(String digest) implements Key {}
}
