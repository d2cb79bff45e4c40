package dev.vmplane.host;

import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** Whether this host runs guests on its own CPU. */
public final class Kvm {
    private static final Path DEVICE = Path.of("/dev/kvm");

    private Kvm() {}

    /**
     * Asks the host; blocks for a moment. A device that opens proves nothing by itself: under some hypervisors it is
     * there and no ordinary guest runs.
     */
    public static boolean usable(CpuInfo cpu) {
        return cpu.virtualizes() && opens();
    }

    private static boolean opens() {
        try (var device = FileChannel.open(DEVICE, READ, WRITE)) {
            return device.isOpen();
        } catch (IOException notForUs) {
            return false;
        }
    }
}
