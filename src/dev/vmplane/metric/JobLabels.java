package dev.vmplane.metric;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The meters that there are for each job. Users choose the ids of jobs, so only so many get meters of their own, those
 * that are measured first; all others share those of {@link #OTHER}. May be used from any thread.
 *
 * @param <M> the meters of one label
 */
public final class JobLabels<M> {
    /** The label of all jobs that have none of their own, a job of this very name among them. */
    public static final String OTHER = "other";

    private final int limit;
    private final Function<String, M> make;
    private final Consumer<M> end;
    private final Map<String, M> own = new ConcurrentHashMap<>();
    private final M other;

    /**
     * Labels for at most so many jobs.
     *
     * @param make registers the meters of a label
     * @param end takes meters out of their registry
     */
    public JobLabels(int limit, Function<String, M> make, Consumer<M> end) {
        this.limit = limit;
        this.make = make;
        this.end = end;
        this.other = make.apply(OTHER);
    }

    public M of(String jobId) {
        var known = own.get(jobId);
        if (known != null) {
            return known;
        }
        return jobId.equals(OTHER) || own.size() >= limit ? other : admit(jobId);
    }

    private synchronized M admit(String jobId) {
        return own.size() >= limit ? own.getOrDefault(jobId, other) : own.computeIfAbsent(jobId, make);
    }

    /** The job is gone: its label is free for another. */
    public synchronized void forget(String jobId) {
        var gone = own.remove(jobId);
        if (gone != null) {
            end.accept(gone);
        }
    }
}
