package dev.vmplane.hypervisor.firecracker;

import dev.vmplane.host.RunDirectory;
import java.nio.file.Path;

/**
 * Where the jail of one VM lies: below its run directory, so that it goes with it. The jailer decides about the rest of
 * the way, {@code <base>/<name of the program's file>/<vm_id>/root}.
 *
 * <p>In the jail the VM's files lie at the paths they have on the host. That spares a second set of names, and leaves the
 * run directory in the command line of the jailed process, by which processes of VMs are recognized.
 *
 * @param program the name of the file that is run
 */
record Jail(RunDirectory directory, String vmId, String program) {

    Path base() {
        return directory.path().resolve("jail");
    }

    /** The root directory of the jailed process. */
    Path root() {
        return base().resolve(program).resolve(vmId).resolve("root");
    }

    /** Where on the host the file lies that jailed processes see at {@code path}. */
    Path inside(Path path) {
        return root().resolve(path.getRoot().relativize(path));
    }
}
