package dev.vmplane.model;

import java.time.Instant;

/**
 * What somebody asked for: one job, kept running by as many microVMs as its spec has replicas.
 *
 * @param specHash hash of {@code spec.boot()}, the key of the warm pool that fits
 * @param generation grows by one with every change of the wish; older ones are refused
 */
public record DesiredVm(
        String jobId,
        String tenant,
        Spec spec,
        String specHash,
        long generation,
        Source source,
        Instant createdAt,
        Instant updatedAt) {

    /** Who the wish belongs to: leaving the file removes what came from the file and nothing else. */
    public enum Source {
        API,
        FILE
    }
}
