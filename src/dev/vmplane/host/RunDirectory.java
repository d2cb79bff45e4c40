package dev.vmplane.host;

import java.nio.file.Path;

/**
 * Where everything of one microVM lies: {@code <state_dir>/run/<vm_id>/}. The names are short because a Unix socket's
 * path may have 107 bytes at most, and hold the VM's id because a command line that names its socket thereby names it.
 */
public record RunDirectory(Path path) {

    public static RunDirectory of(Path runDir, String vmId) {
        return new RunDirectory(runDir.resolve(vmId));
    }

    /** The hypervisor's control socket, or a link to it in its jail: the path stays short either way. */
    public Path apiSocket() {
        return path.resolve("api.sock");
    }

    /** Where the hypervisor lets in whoever speaks with the guest's agent; in a jail as the control socket. */
    public Path agentSocket() {
        return path.resolve("agent.sock");
    }

    /** What the guest prints, appended by the hypervisor. */
    public Path console() {
        return path.resolve("console.log");
    }

    /** What the hypervisor itself prints. */
    public Path vmmLog() {
        return path.resolve("vmm.log");
    }

    /** The raw disk that tells the guest program what to run, see {@link GuestConfig}. */
    public Path configDisk() {
        return path.resolve("config.img");
    }

    /** The disk that the guest's changes to its root go to. */
    public Path overlay() {
        return path.resolve("overlay.img");
    }

    /** The root directory of a hypervisor that is jailed: the jailer makes it, under the id it is given. */
    public Path jailRoot() {
        return path.resolve("jail")
                .resolve("firecracker")
                .resolve(path.getFileName())
                .resolve("root");
    }
}
