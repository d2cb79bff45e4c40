package dev.vmplane.model;

import java.time.Instant;

/**
 * What somebody asked for: one job, kept running by as many microVMs as its spec has replicas.
 *
 * @param specHash hash of {@code spec.boot()}, the key of the warm pool that fits
 * @param generation grows by one with every change of the wish; older ones are refused
 * @param run false while somebody has stopped it: nothing of it runs, and all that it asks for is remembered
 * @param restarted the generation its last restart has made, or 0: VMs it got before that are to be replaced
 */
public record DesiredVm(
        String jobId,
        String tenant,
        Spec spec,
        String specHash,
        long generation,
        Source source,
        boolean run,
        long restarted,
        Instant createdAt,
        Instant updatedAt) {

    /** Who the wish belongs to: leaving the file removes what came from the file and nothing else. */
    public enum Source {
        API,
        FILE
    }

    /** One that runs and has never been restarted. */
    public DesiredVm(
            String jobId,
            String tenant,
            Spec spec,
            String specHash,
            long generation,
            Source source,
            Instant createdAt,
            Instant updatedAt) {
        this(jobId, tenant, spec, specHash, generation, source, true, 0, createdAt, updatedAt);
    }

    /** How many VMs it is to have now. */
    public int replicas() {
        return run ? spec.replicas() : 0;
    }

    /** What it asks of the warm pool now. */
    public WarmPool warmPool() {
        return run ? spec.warmPool() : WarmPool.NONE;
    }

    /** Whether a VM that it has is what it wants: booted from its present spec, and its own since it was last restarted. */
    public boolean fits(MicroVm own) {
        return own.specHash().equals(specHash) && own.owner().generation() >= restarted;
    }

    /** The next generation of it, which runs. */
    public DesiredVm started(Instant now) {
        return next(true, restarted, now);
    }

    /** The next generation of it, of which nothing runs. */
    public DesiredVm stopped(Instant now) {
        return next(false, restarted, now);
    }

    /** The next generation of it, which runs on none of the VMs that it has. */
    public DesiredVm renewed(Instant now) {
        return next(true, generation + 1, now);
    }

    private DesiredVm next(boolean run, long restarted, Instant now) {
        return new DesiredVm(jobId, tenant, spec, specHash, generation + 1, source, run, restarted, createdAt, now);
    }
}
