package dev.vmplane.hypervisor.firecracker;

import java.nio.file.Path;

/**
 * Where the jail of one VM lies: below its run directory, so that it goes with it. The jailer fixes the rest of the way
 * down to the jail's root, {@code <base>/<name of the program>/<vm_id>/root}.
 *
 * <p>In the jail the VM's files lie at the paths they have on the host. That spares a second set of names, and leaves the
 * run directory in the command line of the jailed process. Its root directory would not do to recognize it by: the jailer
 * moves into a mount namespace of its own, from which {@code /proc/<pid>/root} reads {@code /}.
 */
record Jail(Path base, String program, String vmId) {

    Path root() {
        return base.resolve(program).resolve(vmId).resolve("root");
    }

    /** Where on the host the file lies that jailed processes see at {@code path}. */
    Path inside(Path path) {
        return root().resolve(path.getRoot().relativize(path));
    }
}
