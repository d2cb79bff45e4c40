package dev.vmplane.hypervisor.cloudhypervisor;

import dev.vmplane.host.Link;
import dev.vmplane.host.ProcessOrder;
import dev.vmplane.host.Processes;
import dev.vmplane.hypervisor.HypervisorException;
import dev.vmplane.hypervisor.Machine;
import dev.vmplane.hypervisor.UnixHttp;
import dev.vmplane.model.Backend;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.VmmProcess;
import io.vertx.core.Future;
import io.vertx.core.WorkerExecutor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * Brings a Cloud Hypervisor up to the point where it takes orders. It removes the socket of a dead one by itself, says on
 * its standard error what is worth a line, and is confined by its own filter of system calls unless told otherwise: so
 * it is told the path of its socket and nothing else.
 */
final class Launcher {
    /** Usually up after 20 ms; the rest is for a busy host. */
    private static final Duration LAUNCH_LIMIT = Duration.ofSeconds(5);

    private final Backend backend;
    private final String program;
    private final Processes processes;
    private final Conversation conversation;
    private final WorkerExecutor worker;

    Launcher(Backend backend, String program, Processes processes, Conversation conversation, WorkerExecutor worker) {
        this.backend = backend;
        this.program = program;
        this.processes = processes;
        this.conversation = conversation;
        this.worker = worker;
    }

    /** Finds the process of a former launch by its socket; looking through all processes would cost more with each VM. */
    Future<VmmProcess> launch(Machine machine) {
        if (!connects(machine.link())) {
            return Future.failedFuture(failed(
                    ReasonCode.NETWORK_FAILED, machine, "cloud_hypervisor connects guests by tap devices only", null));
        }
        return conversation.inspect(machine).transform((found, failure) -> {
            if (failure == null) {
                return launched(machine);
            }
            return UnixHttp.nobodyListens(failure) ? start(machine) : Future.failedFuture(failure);
        });
    }

    /** What stands for a simulated guest is on this host already. */
    private boolean connects(Link link) {
        return link instanceof Link.Tap || (backend == Backend.SIMULATOR && link instanceof Link.Loopback);
    }

    private Future<VmmProcess> launched(Machine machine) {
        return processes.running().compose(running -> {
            var process = running.get(machine.vmId());
            return process != null
                    ? Future.succeededFuture(process)
                    : Future.failedFuture(failed(
                            ReasonCode.LAUNCH_FAILED,
                            machine,
                            "its control socket belongs to an unknown process",
                            null));
        });
    }

    private Future<VmmProcess> start(Machine machine) {
        var directory = machine.directory();
        var command = List.of(program, "--api-socket", "path=" + directory.apiSocket());
        return worker.executeBlocking(() -> prepare(machine), false)
                .compose(prepared ->
                        processes.start(new ProcessOrder(directory, command, directory.vmmLog(), machine.cgroups())))
                .recover(cause -> Future.failedFuture(
                        cause instanceof HypervisorException
                                ? cause
                                : failed(ReasonCode.LAUNCH_FAILED, machine, "its process cannot be started", cause)))
                .compose(process -> ready(machine, process));
    }

    /** Of its sockets it removes the one for orders by itself, and stumbles over the other. */
    private static Void prepare(Machine machine) throws IOException {
        Files.deleteIfExists(machine.directory().agentSocket());
        new SingleBoot(machine.directory()).permit();
        return null;
    }

    /** A tap that is missing, in the network that the process is in, would be made up and connected to nothing. */
    private static VmmProcess connected(Machine machine, VmmProcess process) throws IOException {
        if (machine.link() instanceof Link.Tap tap) {
            var devices = Path.of("/proc", Long.toString(process.pid()), "net", "dev");
            if (Files.readString(devices).lines().noneMatch(line -> line.strip().startsWith(tap.name() + ":"))) {
                throw failed(ReasonCode.NETWORK_FAILED, machine, "its tap device is missing", null);
            }
        }
        return process;
    }

    /** Waits until a fresh process takes orders; one that does not is not left behind. */
    private Future<VmmProcess> ready(Machine machine, VmmProcess process) {
        return conversation
                .awaitReady(machine, LAUNCH_LIMIT, processes.ended(process))
                .onComplete(settled -> processes.forget(process))
                .compose(ready -> worker.executeBlocking(() -> connected(machine, process), false))
                .recover(failure ->
                        processes.kill(machine.directory(), process).transform(killed -> Future.failedFuture(failure)));
    }

    private static HypervisorException failed(ReasonCode code, Machine machine, String why, Throwable cause) {
        return new HypervisorException(code, Conversation.sentence(machine, "launch") + ": " + why, cause);
    }
}
