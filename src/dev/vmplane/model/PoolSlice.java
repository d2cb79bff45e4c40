package dev.vmplane.model;

import java.util.List;

/**
 * All that decides how many VMs of one spec hash should be warm.
 *
 * @param jobs how many jobs have this hash
 * @param bounds the largest min and the largest max of the jobs that share the hash
 * @param unowned its VMs without an owner that are not leaving, the oldest first
 * @param retry failures in a row of its warm boots, or null
 */
public record PoolSlice(String specHash, int jobs, WarmPool bounds, List<MicroVm> unowned, Retry retry) {}
