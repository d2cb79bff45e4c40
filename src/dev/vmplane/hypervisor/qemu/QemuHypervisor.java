package dev.vmplane.hypervisor.qemu;

import dev.vmplane.host.GuestConfig;
import dev.vmplane.host.ProcessEnd;
import dev.vmplane.host.Processes;
import dev.vmplane.hypervisor.AgentSocket;
import dev.vmplane.hypervisor.Capabilities;
import dev.vmplane.hypervisor.Hypervisor;
import dev.vmplane.hypervisor.HypervisorException;
import dev.vmplane.hypervisor.Inspection;
import dev.vmplane.hypervisor.Machine;
import dev.vmplane.hypervisor.UnixHttp;
import dev.vmplane.model.Backend;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.VmmProcess;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.NetSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/**
 * Drives QEMU's {@code microvm} machine. The command line is the whole configuration, so a machine's files must exist
 * before {@link #launch}, and {@link #configure} has nothing left to do. Nothing is held in memory for a machine: its
 * process is watched by {@link Processes} and its socket is connected to for each order anew.
 */
public final class QemuHypervisor implements Hypervisor {
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(5);
    private static final long BYTES_PER_MIB = 1024 * 1024;

    private final Acceleration acceleration;
    private final Processes processes;
    private final Qmp qmp;
    private final QemuLauncher launcher;
    private final AgentSocket agents;

    /** Runs {@code program} through {@code processes}; looks at files on {@code worker}. */
    public QemuHypervisor(
            Vertx vertx, WorkerExecutor worker, Processes processes, Path program, Acceleration acceleration) {
        this.acceleration = acceleration;
        this.agents = new AgentSocket(vertx);
        this.processes = processes;
        this.qmp = new Qmp(vertx, ANSWER_LIMIT);
        this.launcher = new QemuLauncher(vertx, worker, processes, qmp, new QemuCommand(program, acceleration));
    }

    @Override
    public Backend backend() {
        return Backend.QEMU;
    }

    @Override
    public Capabilities capabilities() {
        return new Capabilities(true, GuestConfig.End.POWEROFF, acceleration.consoleLimit());
    }

    @Override
    public Future<VmmProcess> launch(Machine machine) {
        return launcher.launch(machine);
    }

    @Override
    public Future<Void> configure(Machine machine) {
        return Future.succeededFuture();
    }

    @Override
    public Future<Void> boot(Machine machine) {
        return order(machine, "cont").mapEmpty();
    }

    @Override
    public Future<Void> pause(Machine machine) {
        return started(machine, "be paused")
                .compose(found -> order(machine, "stop"))
                .mapEmpty();
    }

    @Override
    public Future<Void> resume(Machine machine) {
        return started(machine, "be resumed")
                .compose(found -> order(machine, "cont"))
                .mapEmpty();
    }

    /** QEMU is told what the guest keeps, where other hypervisors are told what it gives. */
    @Override
    public Future<Void> reclaim(Machine machine, int mebibytes) {
        var kept = machine.resources().memoryMib() - mebibytes;
        if (mebibytes < 0 || kept <= 0) {
            return Future.failedFuture(refused("qemu cannot take back " + mebibytes + " MiB: its guest has "
                    + machine.resources().memoryMib()));
        }
        var balloon = new QmpCommand("balloon", new JsonObject().put("value", kept * BYTES_PER_MIB));
        return started(machine, "give memory back")
                .compose(found -> order(machine, List.of(balloon)))
                .mapEmpty();
    }

    @Override
    public Future<NetSocket> agent(Machine machine) {
        return agents.port(machine);
    }

    /** Presses the power key, and wakes a paused guest so that it can notice. A guest that is gone needs no asking. */
    @Override
    public Future<Void> stop(Machine machine) {
        return started(machine, "be asked to end")
                .compose(found -> order(machine, "system_powerdown", "cont"))
                .<Void>mapEmpty()
                .recover(failure ->
                        UnixHttp.nobodyListens(failure) ? Future.succeededFuture() : Future.failedFuture(failure));
    }

    @Override
    public Future<Void> kill(Machine machine, VmmProcess process) {
        return processes.kill(machine.directory(), process);
    }

    @Override
    public Future<Inspection> inspect(Machine machine) {
        return order(machine, "query-status").map(QemuHypervisor::inspection);
    }

    @Override
    public Future<Inspection> adopt(Machine machine, VmmProcess process) {
        return inspect(machine);
    }

    @Override
    public Future<ProcessEnd> ended(Machine machine, VmmProcess process) {
        return processes.ended(process);
    }

    @Override
    public void release(Machine machine, VmmProcess process) {
        processes.forget(process);
    }

    /** What a machine is doing that has been booted; QEMU itself would take most orders before that and do otherwise. */
    private Future<Inspection> started(Machine machine, String verb) {
        return inspect(machine)
                .compose(found -> found == Inspection.NOT_STARTED
                        ? Future.failedFuture(refused("qemu cannot " + verb + ": its guest was never started"))
                        : Future.succeededFuture(found));
    }

    private Future<JsonObject> order(Machine machine, String... commands) {
        return order(machine, Stream.of(commands).map(QmpCommand::of).toList());
    }

    private Future<JsonObject> order(Machine machine, List<QmpCommand> commands) {
        return qmp.order(machine.directory().apiSocket(), commands);
    }

    /** The states a machine without migration, debugger or watchdog can be in (QEMU's {@code RunState}). */
    private static Inspection inspection(JsonObject answer) {
        var status = answer.getJsonObject("return", new JsonObject()).getString("status", "not told");
        return switch (status) {
            case "prelaunch" -> Inspection.NOT_STARTED;
            case "running" -> Inspection.RUNNING;
            case "paused" -> Inspection.PAUSED;
            case "shutdown", "guest-panicked", "internal-error" -> Inspection.ENDED;
            default -> throw refused("qemu cannot be inspected: its state '" + status + "' is unknown");
        };
    }

    private static HypervisorException refused(String message) {
        return new HypervisorException(ReasonCode.HYPERVISOR_REFUSED, message);
    }
}
