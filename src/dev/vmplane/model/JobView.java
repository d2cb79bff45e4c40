package dev.vmplane.model;

import java.util.List;
import java.util.Optional;

/**
 * One job with everything that is known of it: its microVMs, ended ones included, and its failures.
 *
 * @param volumes who has the volumes that the job names; those that nobody has are not among them
 */
public record JobView(DesiredVm job, List<MicroVm> instances, List<Retry> retries, List<VolumeUse> volumes) {

    /** A job none of whose volumes is in use. */
    public JobView(DesiredVm job, List<MicroVm> instances, List<Retry> retries) {
        this(job, instances, retries, List.of());
    }

    /** Why no further VM of the job can be made now: one of its volumes is with another; nothing when none is. */
    public Optional<Reason> volumeBusy() {
        return volumes.stream().findFirst().map(use -> use.keepsWaiting(job));
    }
}
