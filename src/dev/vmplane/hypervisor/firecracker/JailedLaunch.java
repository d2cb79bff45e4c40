package dev.vmplane.hypervisor.firecracker;

import dev.vmplane.host.VmUids;
import dev.vmplane.hypervisor.HypervisorException;
import dev.vmplane.hypervisor.Machine;
import dev.vmplane.model.ReasonCode;
import io.vertx.core.Future;
import io.vertx.core.WorkerExecutor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Firecracker through its jailer, which turns into it: a process with a root directory, a mount namespace and a user of
 * its own. Whoever breaks out of the guest finds the files of this one VM, and may signal and trace no other process.
 *
 * <p>What the jailer could do besides is left out. {@code --daemonize} and {@code --new-pid-ns} would make Firecracker a
 * child of the process that was started, and close or hide its console. Cgroups are joined before the jailer begins, so
 * it gets no {@code --cgroup}, and no {@code --cgroup-version} either: the default without a cgroup does nothing, while
 * version 2 would move the process out of ours into one that happens to be called like the program.
 */
public final class JailedLaunch implements Launch {
    /** A VM of 32 CPUs with every device opens some 200; the jailer allows 2048 when nobody says. */
    private static final int MAX_OPEN_FILES = 1024;

    private final Path jailer;
    private final Path firecracker;
    private final VmUids uids;
    private final WorkerExecutor worker;

    /** @param firecracker without links in its path: the jailer names the jail after the file it finds in the end */
    public JailedLaunch(Path jailer, Path firecracker, VmUids uids, WorkerExecutor worker) {
        this.jailer = jailer;
        this.firecracker = firecracker;
        this.uids = uids;
        this.worker = worker;
    }

    @Override
    public Future<List<String>> prepare(Machine machine) {
        var jail = new Jail(
                machine.directory(), machine.vmId(), firecracker.getFileName().toString());
        var uid = uids.of(machine.link().address());
        return worker.executeBlocking(
                () -> {
                    try {
                        new JailFiles(jail, uid).lay(machine);
                        return command(machine, jail, uid);
                    } catch (IOException failed) {
                        throw new HypervisorException(
                                ReasonCode.LAUNCH_FAILED,
                                "vm " + machine.vmId() + " cannot launch: its jail cannot be made",
                                failed);
                    }
                },
                false);
    }

    private List<String> command(Machine machine, Jail jail, int uid) {
        var command = new ArrayList<>(List.of(
                jailer.toString(),
                "--id",
                machine.vmId(),
                "--exec-file",
                firecracker.toString(),
                "--uid",
                Integer.toString(uid),
                "--gid",
                Integer.toString(uid),
                "--chroot-base-dir",
                jail.base().toString(),
                "--resource-limit",
                "no-file=" + MAX_OPEN_FILES,
                "--"));
        command.addAll(Launch.flags(machine));
        return List.copyOf(command);
    }
}
