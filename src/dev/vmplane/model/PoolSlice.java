package dev.vmplane.model;

import java.util.List;
import java.util.Optional;

/**
 * All that decides how many VMs of one spec hash should be warm.
 *
 * @param jobs how many jobs have this hash
 * @param bounds the largest min and the largest max of the jobs that share the hash
 * @param unowned its VMs without an owner that are not leaving, the oldest first
 * @param retry failures in a row of its warm boots, or null
 * @param image what its VMs boot from, or null when that is a file or no job wants them
 */
public record PoolSlice(String specHash, int jobs, WarmPool bounds, List<MicroVm> unowned, Retry retry, Image image) {

    /** One whose VMs boot from a file. */
    public PoolSlice(String specHash, int jobs, WarmPool bounds, List<MicroVm> unowned, Retry retry) {
        this(specHash, jobs, bounds, unowned, retry, null);
    }

    /** Why no further VM can be made now: the image is not on this host yet; nothing when it is. */
    public Optional<Reason> imageAwaited() {
        return image == null ? Optional.empty() : image.keepsWaiting("image " + image.digest());
    }
}
