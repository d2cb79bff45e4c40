package dev.vmplane.hypervisor.contract;

import dev.vmplane.host.Processes;
import dev.vmplane.hypervisor.Hypervisor;
import dev.vmplane.hypervisor.Machine;
import dev.vmplane.model.VmmProcess;
import io.vertx.core.Future;
import java.nio.file.Path;

/** One driver as the contract sees it: a place to make machines in, and what can be had of it on this host. */
interface ContractRig extends AutoCloseable {

    /** The driver; each call gives another, as a control plane has it that has just started. */
    Hypervisor hypervisor();

    /** A driver whose program is not on this host. */
    Hypervisor withoutProgram();

    /** The processes of this rig, as a control plane sees them that has just started. */
    Processes processes();

    /** The machine of {@code vm-<number>}, with its files in place. */
    Machine machine(int number);

    /** Completes when the guest has started its program, which obeys when it is asked to end. */
    Future<Void> guestStarted(Machine machine);

    /** Makes the process deaf: it is there, and answers nothing. */
    Future<?> deafen(Machine machine, VmmProcess process);

    /** Ends the process behind the back of its driver. */
    Future<?> strike(Machine machine, VmmProcess process);

    /** What the host paths of this rig begin with. */
    Path home();

    /** What can be had of the driver here. */
    Traits traits();

    @Override
    void close();

    /**
     * What differs by driver and host, and the contract must know.
     *
     * @param version what its program says of itself
     * @param guestsRun whether guests come as far as their program on this host
     * @param agents whether an agent answers in them
     * @param simulated whether processes, programs and kernels are only played
     */
    record Traits(String version, boolean guestsRun, boolean agents, boolean simulated) {}
}
