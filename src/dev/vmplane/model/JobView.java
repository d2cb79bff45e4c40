package dev.vmplane.model;

import java.util.List;
import java.util.Optional;

/**
 * One job with everything that is known of it: its microVMs, ended ones included, its failures, and its image.
 *
 * @param volumes who has the volumes that the job names; those that nobody has are not among them
 * @param image what it boots from, or null when that is a file
 */
public record JobView(
        DesiredVm job, List<MicroVm> instances, List<Retry> retries, List<VolumeUse> volumes, Image image) {

    /** A job that boots from a file. */
    public JobView(DesiredVm job, List<MicroVm> instances, List<Retry> retries, List<VolumeUse> volumes) {
        this(job, instances, retries, volumes, null);
    }

    /** The same, and none of its volumes is in use. */
    public JobView(DesiredVm job, List<MicroVm> instances, List<Retry> retries) {
        this(job, instances, retries, List.of());
    }

    /** Why no further VM of the job can be made now: one of its volumes is with another; nothing when none is. */
    public Optional<Reason> volumeBusy() {
        return volumes.stream().findFirst().map(use -> use.keepsWaiting(job));
    }

    /** Why no VM of the job can be made now: its image is not on this host yet; nothing when it is. */
    public Optional<Reason> imageAwaited() {
        return job.spec().boot().image().flatMap(digest -> {
            var name = "image "
                    + (job.spec().image() == null
                            ? digest
                            : PinnedImage.nameOf(job.spec().image()));
            return image == null ? Optional.of(Image.unknown(name)) : image.keepsWaiting(name);
        });
    }
}
