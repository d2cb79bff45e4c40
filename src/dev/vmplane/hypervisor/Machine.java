package dev.vmplane.hypervisor;

import dev.vmplane.host.Link;
import dev.vmplane.host.RunDirectory;
import dev.vmplane.model.Resources;
import java.nio.file.Path;
import java.util.List;

/**
 * The machine one microVM is to be, in terms every hypervisor understands. Paths are of the host and have been checked.
 *
 * @param disks in the order the guest sees them: {@code vda} is the first
 * @param link how its one network card is connected
 * @param cgroups the files its process writes itself into before it becomes the hypervisor; none on a host without limits
 */
public record Machine(
        String vmId,
        RunDirectory directory,
        Path kernel,
        Path initramfs,
        List<Disk> disks,
        Resources resources,
        Link link,
        List<Path> cgroups) {

    /**
     * A raw image that the guest has as a block device.
     *
     * @param id letters, digits and underscores only, Firecracker's rule
     */
    public record Disk(String id, Path file, boolean writable) {}
}
