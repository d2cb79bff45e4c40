package dev.vmplane.hypervisor.contract;

import static dev.vmplane.host.HostRig.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.vmplane.hypervisor.Hypervisor;
import dev.vmplane.hypervisor.HypervisorException;
import dev.vmplane.hypervisor.Machine;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.VmmProcess;
import io.vertx.core.Future;
import java.util.regex.Pattern;

/** What the chapters of the contract have in common. */
interface Facts {
    /** A path that begins at the root of some file system. */
    Pattern HOST_PATH = Pattern.compile("(?<![\\w.])/\\w+/");

    ContractRig rig();

    Hypervisor hypervisor();

    /** The machine most facts are about. */
    Machine machine();

    /** Starts the process of {@code machine}. */
    default VmmProcess launched(Machine machine) {
        return await(hypervisor().launch(machine));
    }

    /** Brings {@code machine} up to where its CPUs run; says nothing about its guest. */
    default VmmProcess running(Machine machine) {
        var process = configured(machine);
        await(hypervisor().boot(machine));
        return process;
    }

    /** Like {@link #launched}, and tells the process its machine. */
    default VmmProcess configured(Machine machine) {
        var process = launched(machine);
        await(hypervisor().configure(machine));
        return process;
    }

    /** Like {@link #running}, and makes the process answer nothing any more. */
    default VmmProcess deaf(Machine machine) {
        var process = running(machine);
        await(rig().deafen(machine, process));
        return process;
    }

    /** Like {@link #running}, and stops its CPUs again. */
    default VmmProcess paused(Machine machine) {
        var process = running(machine);
        await(hypervisor().pause(machine));
        return process;
    }

    /** Why {@code call} failed: every failure there is has a type and names no path of the host. */
    default ReasonCode failureOf(Future<?> call) {
        var failure = catchThrowable(() -> await(call));
        assertThat(failure).isInstanceOf(HypervisorException.class);
        assertThat(failure.getMessage())
                .doesNotContain(rig().home().toString())
                .doesNotContainPattern(HOST_PATH)
                .contains(" cannot ");
        return ((HypervisorException) failure).reason().code();
    }

    default boolean runs(VmmProcess process) {
        return await(rig().processes().running()).containsValue(process);
    }
}
