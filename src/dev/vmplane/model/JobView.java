package dev.vmplane.model;

import java.time.Instant;
import java.util.Comparator;
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

    /** When the job came to its end, which is when the last of its replicas did; nothing while one may still run. */
    public Optional<Instant> finishedAt() {
        var replicas = job.replicas();
        var ends = retries.stream()
                .filter(retry -> retry.nextTry() == null && retry.specHash().equals(job.specHash()))
                .map(Retry::since)
                .toList();
        var busy = instances.stream().anyMatch(vm -> !vm.phase().leaving());
        return busy || ends.size() < replicas ? Optional.empty() : ends.stream().max(Comparator.naturalOrder());
    }

    /** When the job is to be forgotten; nothing before it has ended, or when it did not ask for that. */
    public Optional<Instant> expiresAt() {
        var timeToLive = job.spec().completion().timeToLive();
        // What leaves a file that still names it would be made anew from there, and run once more.
        return timeToLive == null || job.source() == DesiredVm.Source.FILE
                ? Optional.empty()
                : finishedAt().map(end -> end.plus(timeToLive));
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
