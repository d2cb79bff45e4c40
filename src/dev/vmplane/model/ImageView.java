package dev.vmplane.model;

import java.util.List;

/**
 * One image with everything that is known of its use.
 *
 * @param jobs ids of the jobs that name it, in order
 * @param vms ids of the microVMs that boot from it, in order
 */
public record ImageView(Image image, List<String> jobs, List<String> vms) {
    public boolean inUse() {
        return !jobs.isEmpty() || !vms.isEmpty();
    }
}
