package dev.vmplane.model;

import java.util.List;
import java.util.Map;

/** The fleet in numbers. {@code phases} counts every row, {@code jobs} holds one entry per job. */
public record Stats(long seq, Map<Phase, Integer> phases, List<JobView> jobs, List<PoolView> pools) {

    /**
     * One warm pool: the jobs that want it, the bounds they add up to, and what is there.
     *
     * @param retry its failures in a row, or null
     * @param waiting what the first of its VMs that cannot boot lacks, or null
     */
    public record PoolView(
            String specHash, int jobs, WarmPool bounds, int warm, int warming, Retry retry, Reason waiting) {}
}
