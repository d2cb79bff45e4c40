package dev.vmplane.vm;

import dev.vmplane.hypervisor.HypervisorException;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.VmState;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings one microVM from its row to the moment its guest's CPUs run, within a limit, and cleans up what comes too late. */
final class Construction {
    private static final Logger LOG = LoggerFactory.getLogger(Construction.class);

    private final VmRow row;
    private final Vmm vmm;
    private final VmParts parts;
    /** This control plane has begun to build the machine, as opposed to one that stopped before it was up. */
    private boolean begun;

    Construction(VmRow row, Vmm vmm, VmParts parts) {
        this.row = row;
        this.vmm = vmm;
        this.parts = parts;
    }

    boolean begun() {
        return begun;
    }

    /** From a row that waits to a machine that boots; the guest is awaited by whoever asked. */
    Future<Void> start(VmState.Pending pending) {
        begun = true;
        return row.move(pending.toStarting(now(), now().plus(parts.limits().start())))
                .compose(starting -> goOn());
    }

    /** Goes on from a committed start. May be repeated: the store may not have taken what came of it. */
    Future<Void> goOn() {
        return within(parts.limits().start(), built())
                .compose(built -> row.move(
                        ((VmState.Starting) row.state()).toBooting(now(), bootDeadline(row.vm()), vmm.process())))
                .mapEmpty();
    }

    private Future<Void> built() {
        return parts.ground().prepare(row.vm()).compose(prepared -> vmm.build());
    }

    private Instant bootDeadline(MicroVm vm) {
        return now().plus(parts.limits().boot()).plus(vm.boot().health().grace());
    }

    /** Gives up on a step that takes too long. Whatever the step makes after that is taken away again. */
    private Future<Void> within(Duration limit, Future<Void> step) {
        var result = Promise.<Void>promise();
        var alarm = parts.time().after(limit, () -> {
            var reason = "the hypervisor was not ready within " + limit.toSeconds() + " s";
            if (result.tryFail(new HypervisorException(ReasonCode.HYPERVISOR_SILENT, reason))) {
                step.onComplete(late -> undo());
            }
        });
        step.onComplete(done -> result.tryComplete(), result::tryFail);
        return result.future().onComplete(done -> alarm.cancel());
    }

    /** Takes away what came of a step after it was given up; this life may be over by then, and nobody else knows. */
    private void undo() {
        vmm.kill()
                .compose(dead -> parts.ground().remove(row.vm()))
                .onFailure(cause -> LOG.atWarn()
                        .addKeyValue("vm", row.id())
                        .setCause(cause)
                        .log("what a vm left behind stays until the next sweep"));
    }

    private Instant now() {
        return parts.time().now();
    }
}
