package dev.vmplane.hypervisor.cloudhypervisor;

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
import io.vertx.core.WorkerExecutor;
import io.vertx.core.net.NetSocket;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Set;

/**
 * Drives Cloud Hypervisor, one process for each microVM, through the HTTP server at its Unix socket. Its guests power
 * off to end, which ends the process with status 0; {@link SingleBoot} makes a reset end it with 1.
 *
 * <p>It keeps no state: what a machine is doing is asked of its process. The server refuses what is already so, to pause a
 * paused machine for one, so a refusal counts only when the machine is not as it was wished to be.
 */
public final class CloudHypervisorHypervisor implements Hypervisor {
    /** A guest under KVM reaches its first program within a second; its kernel is told to be quiet. */
    private static final Duration CONSOLE_LIMIT = Duration.ofSeconds(10);

    private static final Capabilities CAPABILITIES = new Capabilities(true, GuestConfig.End.POWEROFF, CONSOLE_LIMIT);
    private static final Set<Inspection> STARTED = Set.of(Inspection.RUNNING, Inspection.PAUSED);

    private final Backend backend;
    private final Processes processes;
    private final WorkerExecutor worker;
    private final Conversation conversation;
    private final Launcher launcher;
    private final AgentSocket agents;

    /** Starts {@code program}, a path or a name on the path, for each machine; touches files on {@code worker}. */
    public CloudHypervisorHypervisor(
            Backend backend,
            String program,
            Processes processes,
            UnixHttp http,
            AgentSocket agents,
            WorkerExecutor worker) {
        this.backend = backend;
        this.processes = processes;
        this.worker = worker;
        this.agents = agents;
        this.conversation = new Conversation(http);
        this.launcher = new Launcher(backend, program, processes, conversation, worker);
    }

    @Override
    public Backend backend() {
        return backend;
    }

    @Override
    public Capabilities capabilities() {
        return CAPABILITIES;
    }

    @Override
    public Future<VmmProcess> launch(Machine machine) {
        return launcher.launch(machine);
    }

    /**
     * Half a machine stays behind when one cannot be created, and stands in the way of the next, so it is removed before
     * a second try. A machine that has started is not: then the wish has come true before.
     */
    @Override
    public Future<Void> configure(Machine machine) {
        return create(machine)
                .recover(refusal -> unlessFound(STARTED, machine, refusal)
                        .recover(notStarted -> conversation.refuses(refusal) ? createAnew(machine) : again(refusal)));
    }

    /**
     * Loads the kernel and opens the disks: what is wrong with the machine shows here. One that could not boot is removed,
     * for on the way to its failure it may have lost its disks, and would boot without them if it were told to again.
     */
    @Override
    public Future<Void> boot(Machine machine) {
        return conversation
                .tell(machine, Order.Action.BOOT, "boot")
                .recover(refusal -> inspect(machine).transform((found, failure) -> {
                    if (failure == null && STARTED.contains(found)) {
                        return Future.succeededFuture();
                    }
                    return found == Inspection.NOT_STARTED ? forget(machine, refusal) : again(refusal);
                }))
                .compose(started -> conclude(machine, "boot"));
    }

    @Override
    public Future<Void> pause(Machine machine) {
        return conversation
                .tell(machine, Order.Action.PAUSE, "pause")
                .recover(refusal -> unlessFound(Set.of(Inspection.PAUSED), machine, refusal));
    }

    @Override
    public Future<Void> resume(Machine machine) {
        return conversation
                .tell(machine, Order.Action.RESUME, "resume")
                .recover(refusal -> unlessFound(Set.of(Inspection.RUNNING), machine, refusal));
    }

    /**
     * A guest that runs out of memory takes back what it gave: the balloon is made to deflate then. Asked before the start,
     * Cloud Hypervisor would agree and change nothing.
     */
    @Override
    public Future<Void> reclaim(Machine machine, int mebibytes) {
        var verb = "give memory back";
        return inspect(machine)
                .compose(found -> STARTED.contains(found)
                        ? conversation.tell(machine, new Order.Inflate(mebibytes), verb)
                        : again(Conversation.refusal(machine, verb, "its guest was never started")));
    }

    @Override
    public Future<NetSocket> agent(Machine machine) {
        return agents.vsock(machine);
    }

    /** Wakes a paused guest first, which could not feel the button otherwise. A guest that is gone needs no asking. */
    @Override
    public Future<Void> stop(Machine machine) {
        return conversation
                .inspect(machine)
                .compose(found -> found == Inspection.PAUSED ? resume(machine) : Future.succeededFuture())
                .compose(awake -> conversation.tell(machine, Order.Action.ASK_TO_END, "stop"))
                .recover(failure -> UnixHttp.nobodyListens(failure) ? Future.succeededFuture() : again(failure));
    }

    /** The connection needs no closing of its own: it ends with the process. */
    @Override
    public Future<Void> kill(Machine machine, VmmProcess process) {
        return processes.kill(machine.directory(), process);
    }

    @Override
    public Future<Inspection> inspect(Machine machine) {
        return conversation.inspect(machine);
    }

    /** Its former driver may have gone between the guest's start and the end of its permission to boot. */
    @Override
    public Future<Inspection> adopt(Machine machine, VmmProcess process) {
        return inspect(machine)
                .compose(found -> STARTED.contains(found)
                        ? conclude(machine, "be adopted").map(found)
                        : Future.succeededFuture(found));
    }

    @Override
    public Future<ProcessEnd> ended(Machine machine, VmmProcess process) {
        return processes.ended(process);
    }

    @Override
    public void release(Machine machine, VmmProcess process) {
        processes.forget(process);
    }

    private Future<Void> create(Machine machine) {
        var config = new VmConfig(machine, new SingleBoot(machine.directory()).console());
        return conversation.tell(machine, new Order.Create(config), "configure");
    }

    private Future<Void> createAnew(Machine machine) {
        return conversation.tell(machine, Order.Action.DELETE, "configure").compose(forgotten -> create(machine));
    }

    /** Its way to the agent is bound on the way to the failure, and nothing may be at that path the next time. */
    private Future<Void> forget(Machine machine, Throwable refusal) {
        return conversation
                .tell(machine, Order.Action.DELETE, "boot")
                .compose(forgotten -> worker.executeBlocking(
                        () -> Files.deleteIfExists(machine.directory().agentSocket()), false))
                .transform((forgotten, failure) -> again(refusal));
    }

    private Future<Void> unlessFound(Set<Inspection> wished, Machine machine, Throwable refusal) {
        return inspect(machine)
                .transform((found, failure) ->
                        failure == null && wished.contains(found) ? Future.succeededFuture() : again(refusal));
    }

    private Future<Void> conclude(Machine machine, String verb) {
        return worker.executeBlocking(
                        () -> {
                            new SingleBoot(machine.directory()).conclude();
                            return null;
                        },
                        false)
                .recover(failure -> again(new HypervisorException(
                        ReasonCode.HOST_FAILED,
                        Conversation.sentence(machine, verb) + ": its way to boot again cannot be closed",
                        failure)))
                .mapEmpty();
    }

    private static <T> Future<T> again(Throwable failure) {
        return Future.failedFuture(failure);
    }
}
