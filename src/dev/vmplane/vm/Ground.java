package dev.vmplane.vm;

import dev.vmplane.host.GuestEnd;
import dev.vmplane.hypervisor.Machine;
import dev.vmplane.model.MicroVm;
import io.vertx.core.Future;
import java.time.Duration;

/** What a microVM stands on: its files, and what its guest says on the console. */
public interface Ground {

    /** The machine a row describes. Says nothing about whether its files are there. */
    Machine machine(MicroVm vm);

    /** Checks the images and makes the run directory with all that the hypervisor will open. May be repeated. */
    Future<Void> prepare(MicroVm vm);

    /**
     * Completes when the guest says that its program has started. Fails when it says nothing at all within {@code silence},
     * or not that within {@code limit}.
     */
    Future<Void> started(MicroVm vm, Duration silence, Duration limit);

    /** What the guest said last; that it said nothing is an answer. */
    Future<GuestEnd> end(MicroVm vm);

    /** Removes everything {@link #prepare} made. Nothing there is success. */
    Future<Void> remove(MicroVm vm);
}
