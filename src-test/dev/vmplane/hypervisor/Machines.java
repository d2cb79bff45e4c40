package dev.vmplane.hypervisor;

import dev.vmplane.host.GuestConfig;
import dev.vmplane.host.Link;
import dev.vmplane.host.RunDirectory;
import dev.vmplane.hypervisor.Machine.Disk;
import dev.vmplane.model.Resources;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

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

    /** What the guest of {@code machine} is told: to be its demo server, at the address of its link. */
    public static GuestConfig config(Machine machine, Capabilities capabilities) {
        return config(machine, capabilities, List.of("/app/bin/server"), Map.of());
    }

    public static GuestConfig config(
            Machine machine, Capabilities capabilities, List<String> cmd, Map<String, String> env) {
        var network = machine.link().guest();
        return new GuestConfig(
                machine.vmId(), cmd, env, network.ip(), network.gateway(), network.dns(), 5, capabilities.guestEnd());
    }
}
