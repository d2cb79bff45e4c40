package dev.vmplane.hypervisor;

import dev.vmplane.host.RunDirectory;
import dev.vmplane.model.Resources;
import java.nio.file.Path;

/**
 * The machine one microVM is to be, in terms every hypervisor understands. Paths are of the host and have been checked.
 *
 * @param address IPv4 address at which this host reaches the guest
 * @param port the guest's port that must be reachable at {@code address}
 */
public record Machine(
        String vmId,
        RunDirectory directory,
        Path kernel,
        Path initramfs,
        Path rootfs,
        Resources resources,
        String address,
        int port) {}
