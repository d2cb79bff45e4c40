package dev.vmplane.hypervisor;

import dev.vmplane.host.CpuInfo;
import dev.vmplane.host.Kvm;
import dev.vmplane.model.Backend;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/**
 * Chooses the hypervisor: the one asked for, else the best this host can run.
 *
 * <p>On Linux with KVM that is Firecracker, then Cloud Hypervisor; QEMU runs with KVM and without; the simulator runs
 * everywhere. On macOS only the last two are looked for: Firecracker and Cloud Hypervisor know no hypervisor but those of
 * Linux (KVM, and MSHV for the latter), so one of them on its path could never start a guest.
 */
public final class BackendDetection {
    public static final String FIRECRACKER_PROGRAM = "firecracker";
    public static final String CLOUD_HYPERVISOR_PROGRAM = "cloud-hypervisor";
    public static final String QEMU_PROGRAM = "qemu-system-x86_64";

    private BackendDetection() {}

    /** What the choice depends on. */
    public record Host(boolean linux, boolean kvmUsable, boolean firecracker, boolean cloudHypervisor, boolean qemu) {

        /**
         * Looks at this host; blocks for a moment.
         *
         * @param path the value of {@code PATH}
         */
        public static Host probe(String path) {
            return new Host(
                    System.getProperty("os.name").equals("Linux"),
                    Kvm.usable(CpuInfo.ofThisHost()),
                    program(FIRECRACKER_PROGRAM, path).isPresent(),
                    program(CLOUD_HYPERVISOR_PROGRAM, path).isPresent(),
                    program(QEMU_PROGRAM, path).isPresent());
        }

        private boolean runsFirecracker() {
            return linux && kvmUsable && firecracker;
        }

        private boolean runsCloudHypervisor() {
            return linux && kvmUsable && cloudHypervisor;
        }
    }

    /**
     * What came of it.
     *
     * @param why a sentence for the log
     * @param doubtful true when somebody should read it
     */
    public record Choice(Backend backend, String why, boolean doubtful) {}

    /**
     * Decides.
     *
     * @param asked the value of {@code FC_BACKEND}, or null or blank when it is not set
     * @throws IllegalArgumentException if there is no such backend
     */
    public static Choice choose(String asked, Host host) {
        if (asked != null && !asked.isBlank()) {
            return asked(asked.strip(), host);
        }
        if (host.runsFirecracker()) {
            return new Choice(Backend.FIRECRACKER, "firecracker is installed and KVM is usable", false);
        }
        if (host.runsCloudHypervisor()) {
            var why = "cloud-hypervisor is installed and KVM is usable; firecracker is missing";
            return new Choice(Backend.CLOUD_HYPERVISOR, why, false);
        }
        if (host.qemu()) {
            return new Choice(
                    Backend.QEMU,
                    "qemu is installed; firecracker and cloud-hypervisor, or usable KVM, are missing",
                    false);
        }
        return new Choice(
                Backend.SIMULATOR,
                "no hypervisor can run here: VMs are SIMULATED and run nothing; install " + QEMU_PROGRAM,
                true);
    }

    /** The first executable file called {@code name} in the directories of {@code path}; blocks for a moment. */
    public static Optional<Path> program(String name, String path) {
        return Arrays.stream(path.split(":"))
                .filter(directory -> !directory.isEmpty())
                .map(directory -> Path.of(directory, name))
                .filter(file -> Files.isRegularFile(file) && Files.isExecutable(file))
                .findFirst();
    }

    private static Choice asked(String text, Host host) {
        Backend backend;
        try {
            backend = Backend.of(text);
        } catch (IllegalArgumentException unknown) {
            throw new IllegalArgumentException("FC_BACKEND cannot be used: " + unknown.getMessage(), unknown);
        }
        boolean runs = switch (backend) {
            case FIRECRACKER -> host.runsFirecracker();
            case CLOUD_HYPERVISOR -> host.runsCloudHypervisor();
            case QEMU -> host.qemu();
            case SIMULATOR -> true;
        };
        var why = "FC_BACKEND asks for it" + (runs ? "" : ", although nothing shows that this host can run it");
        return new Choice(backend, why, !runs);
    }
}
