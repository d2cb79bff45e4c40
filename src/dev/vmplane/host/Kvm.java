package dev.vmplane.host;

import java.nio.file.Path;

/** What the host's own kernel and CPU do for guests, so that the hypervisor's process need not. */
public final class Kvm {
    private static final DeviceFile CPU = new DeviceFile(Path.of("/dev/kvm"));
    private static final DeviceFile NETWORK = new DeviceFile(Path.of("/dev/vhost-net"));

    private Kvm() {}

    /**
     * Whether this host runs guests on its own CPU; blocks for a moment. A device that opens proves nothing by itself:
     * under some hypervisors it is there and no ordinary guest runs.
     */
    public static boolean usable(CpuInfo cpu) {
        return cpu.virtualizes() && CPU.opens();
    }

    /** Whether this host's kernel moves the packets of guests on a tap; blocks for a moment. */
    public static boolean movesPackets() {
        return NETWORK.opens();
    }
}
