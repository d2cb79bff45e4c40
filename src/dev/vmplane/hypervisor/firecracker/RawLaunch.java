package dev.vmplane.hypervisor.firecracker;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import dev.vmplane.hypervisor.HypervisorException;
import dev.vmplane.hypervisor.Machine;
import dev.vmplane.model.ReasonCode;
import io.vertx.core.Future;
import io.vertx.core.WorkerExecutor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Firecracker as a plain process, with the rights of the control plane and a system call filter as its only wall. */
public final class RawLaunch implements Launch {
    private final String program;
    private final WorkerExecutor worker;

    /** Starts {@code program}, a path or a name on the path. */
    public RawLaunch(String program, WorkerExecutor worker) {
        this.program = program;
        this.worker = worker;
    }

    /** Removes the sockets of a process that died, which Firecracker leaves behind and would then stumble over. */
    @Override
    public Future<List<String>> prepare(Machine machine) {
        var command = new ArrayList<>(List.of(program, "--id", machine.vmId()));
        command.addAll(Launch.flags(machine));
        return worker.executeBlocking(
                () -> {
                    try {
                        removeSocket(machine.directory().apiSocket());
                        removeSocket(machine.directory().agentSocket());
                        return List.copyOf(command);
                    } catch (IOException stuck) {
                        throw new HypervisorException(
                                ReasonCode.LAUNCH_FAILED,
                                "vm " + machine.vmId() + " cannot launch: its former socket cannot be removed",
                                stuck);
                    }
                },
                false);
    }

    /** A file somebody put there is left alone, and Firecracker refuses to take its place. */
    private static void removeSocket(Path path) throws IOException {
        if (!Files.isRegularFile(path, NOFOLLOW_LINKS)) {
            Files.deleteIfExists(path);
        }
    }
}
