package dev.vmplane.model;

import java.util.Set;

/**
 * What a writer has seen of a job before it wrote: the write holds only while that is so still. It is asked inside the
 * transaction of the write, so nobody else's change can slip in between.
 *
 * @param generations those the job may have; null when it need only be there, or when nothing is asked
 */
public record Guard(boolean asks, Set<Long> generations) {
    /** Whatever is there, or is not. */
    public static final Guard NONE = new Guard(false, null);

    /** Any generation, but there must be one. */
    public static final Guard THERE = new Guard(true, null);

    /** One of these generations. */
    public static Guard of(Set<Long> generations) {
        return new Guard(true, Set.copyOf(generations));
    }

    /** Refuses to let {@code known}, which is null when there is no such job, be written. */
    public void check(String jobId, DesiredVm known) {
        if (!asks) {
            return;
        }
        if (known == null) {
            throw refused("job '" + jobId + "' cannot be written: it does not exist, and If-Match says that it does");
        }
        if (generations != null && !generations.contains(known.generation())) {
            throw refused("job '" + jobId + "' cannot be written: its generation is " + known.generation()
                    + ", which If-Match does not name: read it again and repeat the change on what it is now");
        }
    }

    private static RefusedException refused(String message) {
        return new Refusal(Refusal.Kind.OUTDATED, "generation_differs", "If-Match", message).asException();
    }
}
