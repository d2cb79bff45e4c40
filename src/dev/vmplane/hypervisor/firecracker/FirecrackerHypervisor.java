package dev.vmplane.hypervisor.firecracker;

import dev.vmplane.host.GuestConfig;
import dev.vmplane.host.Link;
import dev.vmplane.host.ProcessEnd;
import dev.vmplane.host.ProcessOrder;
import dev.vmplane.host.Processes;
import dev.vmplane.hypervisor.AgentSocket;
import dev.vmplane.hypervisor.Capabilities;
import dev.vmplane.hypervisor.Hypervisor;
import dev.vmplane.hypervisor.HypervisorException;
import dev.vmplane.hypervisor.Inspection;
import dev.vmplane.hypervisor.Machine;
import dev.vmplane.hypervisor.Rate;
import dev.vmplane.hypervisor.UnixHttp;
import dev.vmplane.hypervisor.UnixHttp.Call;
import dev.vmplane.model.Backend;
import dev.vmplane.model.CrashPoint;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.VmmProcess;
import io.vertx.core.Future;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.NetSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Drives Firecracker, one process for each microVM, through the HTTP server at its Unix socket. Also drives the
 * simulator, which answers the same: only {@link Processes} differ.
 *
 * <p>The serial console of the guest is the standard output of the process in every release, so that goes to the VM's
 * console file, and what Firecracker has to say for itself goes to its log by {@code --log-path}. {@code PUT /serial} of
 * later releases would have Firecracker open the file itself: within its jail, out of reach of whoever starts it and
 * bounds what it prints, and with output beyond its rate dropped, be it the line that tells the guest's exit status.
 *
 * <p>It keeps no state: what a machine is doing is asked of its process.
 */
public final class FirecrackerHypervisor implements Hypervisor {
    /** Typically up after 12 ms, with 60 ms for the worst; the rest is for a busy host. */
    private static final Duration LAUNCH_LIMIT = Duration.ofSeconds(5);

    /** Every call is a matter of a millisecond, but waits for the one before it: the server has one thread. */
    private static final Duration CALL_LIMIT = Duration.ofSeconds(2);

    /** Starting maps and loads the kernel and the initramfs from disk before it answers. */
    private static final Duration BOOT_LIMIT = Duration.ofSeconds(10);

    /** A guest under KVM reaches its first program within a second; its kernel is told to be quiet. */
    private static final Duration CONSOLE_LIMIT = Duration.ofSeconds(10);

    /**
     * {@code reboot=k} makes the guest's reboot end the process; on x86 a power-off would leave it running with a
     * halted guest. The {@code i8042} words skip the probing of a mouse that is not there.
     */
    private static final String KERNEL_ARGUMENTS =
            "console=ttyS0 quiet reboot=k panic=1 i8042.noaux i8042.nomux i8042.dumbkbd";

    private static final Capabilities CAPABILITIES = new Capabilities(true, GuestConfig.End.REBOOT, CONSOLE_LIMIT);
    private static final Set<Inspection> STARTED = Set.of(Inspection.RUNNING, Inspection.PAUSED);

    private final Backend backend;
    private final Launch launch;
    private final Processes processes;
    private final UnixHttp http;
    private final AgentSocket agents;

    /** @param launch how the process of each machine comes to be */
    public FirecrackerHypervisor(
            Backend backend, Launch launch, Processes processes, UnixHttp http, AgentSocket agents) {
        this.backend = backend;
        this.launch = launch;
        this.processes = processes;
        this.http = http;
        this.agents = agents;
    }

    @Override
    public Backend backend() {
        return backend;
    }

    @Override
    public Capabilities capabilities() {
        return CAPABILITIES;
    }

    /** Finds the process of a former launch by its socket; looking through all processes would cost more with each VM. */
    @Override
    public Future<VmmProcess> launch(Machine machine) {
        return inspect(machine).transform((found, failure) -> {
            if (failure == null) {
                return launched(machine);
            }
            return UnixHttp.nobodyListens(failure) ? start(machine) : Future.failedFuture(failure);
        });
    }

    @Override
    public Future<Void> configure(Machine machine) {
        Future<String> done = Future.succeededFuture("");
        for (var part : parts(machine)) {
            done = done.compose(before -> tell(machine, part, "configure", ReasonCode.CONFIGURE_FAILED, CALL_LIMIT));
        }
        return done.recover(refusal -> unlessStarted(machine, refusal)).mapEmpty();
    }

    @Override
    public Future<Void> boot(Machine machine) {
        return tell(machine, Order.Action.START, "boot", ReasonCode.HYPERVISOR_REFUSED, BOOT_LIMIT)
                .recover(refusal -> unlessStarted(machine, refusal))
                .mapEmpty();
    }

    @Override
    public Future<Void> pause(Machine machine) {
        return tell(machine, Order.Cpus.PAUSED, "pause").mapEmpty();
    }

    @Override
    public Future<Void> resume(Machine machine) {
        return tell(machine, Order.Cpus.RESUMED, "resume").mapEmpty();
    }

    @Override
    public Future<Void> reclaim(Machine machine, int mebibytes) {
        return tell(machine, new Order.Inflate(mebibytes), "give memory back").mapEmpty();
    }

    @Override
    public Future<NetSocket> agent(Machine machine) {
        return agents.vsock(machine);
    }

    /** Wakes a paused guest first, which could not hear the keys otherwise. A guest that is gone needs no asking. */
    @Override
    public Future<Void> stop(Machine machine) {
        return tell(machine, Order.Cpus.RESUMED, "stop")
                .compose(awake -> tell(machine, Order.Action.ASK_TO_END, "stop"))
                .recover(failure ->
                        UnixHttp.nobodyListens(failure) ? Future.succeededFuture() : Future.failedFuture(failure))
                .mapEmpty();
    }

    /** The connection needs no closing of its own: it ends with the process. */
    @Override
    public Future<Void> kill(Machine machine, VmmProcess process) {
        return processes.kill(machine.directory(), process);
    }

    @Override
    public Future<Inspection> inspect(Machine machine) {
        return tell(machine, new Order.Describe(), "be inspected")
                .compose(description -> inspection(machine, description));
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

    private Future<VmmProcess> start(Machine machine) {
        var directory = machine.directory();
        return launch.prepare(machine)
                .compose(command ->
                        processes.start(new ProcessOrder(directory, command, directory.console(), machine.cgroups())))
                .onSuccess(process -> CrashPoint.VMM_SPAWNED.here())
                .recover(cause -> Future.failedFuture(
                        cause instanceof HypervisorException
                                ? cause
                                : new HypervisorException(
                                        ReasonCode.LAUNCH_FAILED,
                                        sentence(machine, "launch") + ": its process cannot be started",
                                        cause)))
                .compose(process -> ready(machine, process));
    }

    /** Waits until a fresh process takes orders; one that does not is not left behind. */
    private Future<VmmProcess> ready(Machine machine, VmmProcess process) {
        var probe = call(machine, new Order.Describe(), "launch", ReasonCode.LAUNCH_FAILED, LAUNCH_LIMIT);
        return http.awaitReady(machine.directory().apiSocket(), probe, processes.ended(process))
                .map(process)
                .onComplete(settled -> processes.forget(process))
                .recover(failure -> kill(machine, process).transform(killed -> Future.failedFuture(failure)));
    }

    private Future<VmmProcess> launched(Machine machine) {
        return processes.running().compose(running -> {
            var process = running.get(machine.vmId());
            return process != null
                    ? Future.succeededFuture(process)
                    : Future.failedFuture(new HypervisorException(
                            ReasonCode.LAUNCH_FAILED,
                            sentence(machine, "launch") + ": its control socket belongs to an unknown process"));
        });
    }

    /**
     * The order of the disks is the order of their names in the guest: {@code vda}, then {@code vdb}. The order of the
     * rest means nothing to Firecracker; memory comes before the balloon that may not exceed it.
     */
    private List<Order> parts(Machine machine) {
        var resources = machine.resources();
        var diskRate = Rate.ofMegabytes(resources.diskMbPerSecond());
        var parts = new ArrayList<Order>();
        parts.add(new Order.MachineConfig(resources));
        parts.add(new Order.BootSource(machine.kernel(), machine.initramfs(), KERNEL_ARGUMENTS));
        machine.disks().forEach(disk -> parts.add(new Order.Disk(disk, diskRate)));
        if (machine.link() instanceof Link.Tap tap) {
            parts.add(new Order.NetworkCard(tap, Rate.ofMegabits(resources.netMbitPerSecond())));
        }
        parts.add(new Order.Entropy());
        parts.add(new Order.Balloon());
        parts.add(new Order.Vsock(machine.directory().agentSocket()));
        return parts;
    }

    /** A machine that has started refuses to be configured or started again: then the wish has come true before. */
    private Future<String> unlessStarted(Machine machine, Throwable refusal) {
        return inspect(machine)
                .transform((found, failure) -> failure == null && STARTED.contains(found)
                        ? Future.succeededFuture("")
                        : Future.failedFuture(refusal));
    }

    private Future<Inspection> inspection(Machine machine, String description) {
        String id;
        String state;
        try {
            var fields = new JsonObject(description);
            id = String.valueOf(fields.getValue("id"));
            state = String.valueOf(fields.getValue("state"));
        } catch (DecodeException notJson) {
            return Future.failedFuture(refusal(machine, "be inspected", "its description is not understood"));
        }
        if (!machine.vmId().equals(id)) {
            return Future.failedFuture(refusal(machine, "be inspected", "another machine answers in its place"));
        }
        return switch (state) {
            case "Not started" -> Future.succeededFuture(Inspection.NOT_STARTED);
            case "Running" -> Future.succeededFuture(Inspection.RUNNING);
            case "Paused" -> Future.succeededFuture(Inspection.PAUSED);
            default -> Future.failedFuture(refusal(machine, "be inspected", "its state is not understood"));
        };
    }

    private Future<String> tell(Machine machine, Order order, String verb) {
        return tell(machine, order, verb, ReasonCode.HYPERVISOR_REFUSED, CALL_LIMIT);
    }

    private Future<String> tell(Machine machine, Order order, String verb, ReasonCode refused, Duration limit) {
        return http.send(machine.directory().apiSocket(), call(machine, order, verb, refused, limit));
    }

    private static Call call(Machine machine, Order order, String verb, ReasonCode refused, Duration limit) {
        var fields = order.fields();
        return new Call(
                sentence(machine, verb),
                refused,
                order.method(),
                order.path(),
                fields == null ? null : fields.toBuffer(),
                limit);
    }

    private static HypervisorException refusal(Machine machine, String verb, String why) {
        return new HypervisorException(ReasonCode.HYPERVISOR_REFUSED, sentence(machine, verb) + ": " + why);
    }

    private static String sentence(Machine machine, String verb) {
        return "vm " + machine.vmId() + " cannot " + verb;
    }
}
