package dev.vmplane.hypervisor;

import dev.vmplane.host.ProcessEnd;
import dev.vmplane.model.Backend;
import dev.vmplane.model.VmmProcess;
import io.vertx.core.Future;
import io.vertx.core.net.NetSocket;

/**
 * Drives the hypervisor process of one microVM after another. Every call may be repeated safely, has a time limit of
 * its own, and fails with a {@link HypervisorException}. Nothing here says HTTP: Firecracker speaks HTTP over a Unix
 * socket, QEMU speaks QMP.
 *
 * <p>A life goes {@link #launch}, {@link #configure}, {@link #boot}, then any of {@link #pause}, {@link #resume},
 * {@link #stop}, and ends with {@link #kill}. After a restart of the control plane {@link #adopt} takes the place of
 * the first three. One caller at a time per machine.
 */
public interface Hypervisor {

    Backend backend();

    Capabilities capabilities();

    /**
     * Starts the hypervisor's process, detached, and completes when it takes orders. The machine's files, the
     * configuration disk among them, must exist: some hypervisors are told their machine on the command line.
     */
    Future<VmmProcess> launch(Machine machine);

    /** Tells it which machine to be, as far as it does not know yet. */
    Future<Void> configure(Machine machine);

    /** Starts the guest's CPUs; says nothing about the guest. */
    Future<Void> boot(Machine machine);

    Future<Void> pause(Machine machine);

    Future<Void> resume(Machine machine);

    /**
     * Takes {@code mebibytes} of memory from a running guest for the host's use, as far as the guest can spare them; 0 gives
     * all back. Completes when the guest has been told.
     */
    Future<Void> reclaim(Machine machine, int mebibytes);

    /**
     * A fresh connection to the agent in a running guest. It is paused: whoever gets it listens first and then resumes it,
     * greets the agent, and closes it. That somebody answers is not promised, and some hypervisors have one at a time.
     */
    Future<NetSocket> agent(Machine machine);

    /** Asks the guest to end, and completes when it has been asked: the process ends later, or never. */
    Future<Void> stop(Machine machine);

    /** Ends the process without asking, lets go of every connection to it, and completes when it is gone. */
    Future<Void> kill(Machine machine, VmmProcess process);

    Future<Inspection> inspect(Machine machine);

    /**
     * Takes over a process found running, and says how far it has come: a control plane that was killed may have left one
     * whose guest was never started. Fails when it is not the machine.
     */
    Future<Inspection> adopt(Machine machine, VmmProcess process);

    /** Completes when the process is gone, with what is known of its end. Whoever stops caring lets go with {@link #release}. */
    Future<ProcessEnd> ended(Machine machine, VmmProcess process);

    /** Lets go of everything held in memory for this machine and leaves its process alone. */
    void release(Machine machine, VmmProcess process);
}
