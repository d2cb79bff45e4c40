package dev.vmplane.model;

import java.util.List;

/**
 * One volume with everything that is known of its use.
 *
 * @param jobs the ids of the jobs that name it, in order
 * @param holder the VM that has it, or null
 */
public record VolumeView(Volume volume, List<String> jobs, MicroVm holder) {}
