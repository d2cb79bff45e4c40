package dev.vmplane.hypervisor;

import dev.vmplane.host.Link;
import dev.vmplane.host.RunDirectory;
import dev.vmplane.hypervisor.Machine.Disk;
import dev.vmplane.model.Resources;
import java.nio.file.Path;
import java.util.List;

/** Machines as tests need them: a root disk, the configuration disk, and no limits. */
public final class Machines {
    private Machines() {}

    public static Machine of(
            String vmId,
            RunDirectory directory,
            Path kernel,
            Path initramfs,
            Path rootfs,
            Resources resources,
            Link link) {
        var disks = List.of(new Disk("rootfs", rootfs, false), new Disk("config", directory.configDisk(), false));
        return new Machine(vmId, directory, kernel, initramfs, disks, resources, link, List.of());
    }
}
