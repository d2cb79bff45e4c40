package dev.vmplane.vm;

import dev.vmplane.hypervisor.Inspection;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import io.vertx.core.Future;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** After a restart of the control plane: a process is there for one microVM, or it is not, and nobody has seen it yet. */
final class Takeover {
    private static final Logger LOG = LoggerFactory.getLogger(Takeover.class);

    private final VmRow row;
    private final Vmm vmm;
    private final Construction construction;
    private final Life life;
    private final Supplier<Future<?>> boot;
    private final Runnable adopted;

    /**
     * A process nobody has looked at.
     *
     * @param boot boots what this very control plane has built
     * @param adopted goes on with a guest that lives
     */
    Takeover(VmRow row, Vmm vmm, Construction construction, Life life, Supplier<Future<?>> boot, Runnable adopted) {
        this.row = row;
        this.vmm = vmm;
        this.construction = construction;
        this.life = life;
        this.boot = boot;
        this.adopted = adopted;
    }

    /** Sees to it that the process is watched, and finds out what it is doing, once. May be repeated. */
    Future<?> complete() {
        if (vmm.watched()) {
            return Future.succeededFuture();
        }
        if (row.phase() == Phase.BOOTING && construction.begun()) {
            // Committed by this very verticle, although the store's answer was lost.
            return boot.get();
        }
        var known = row.state().process();
        if (!vmm.present() || (known != null && !vmm.process().equals(known))) {
            vmm.disown();
            return row.phase().leaving() ? Future.succeededFuture() : life.ended();
        }
        vmm.watch(end -> life.queue(life::ended));
        return vmm.adopt()
                // An observation that fails is not absence: the process is there, its health will tell.
                .recover(cause -> Failure.isSilence(cause)
                        ? Future.succeededFuture(Inspection.RUNNING)
                        : Future.failedFuture(cause))
                .compose(this::found);
    }

    private Future<?> found(Inspection found) {
        return switch (found) {
            case NOT_STARTED ->
                row.phase().leaving()
                        ? Future.succeededFuture()
                        : life.fail(new Reason(
                                ReasonCode.ABANDONED, "the control plane stopped before the guest was started"));
            case ENDED -> vmm.kill().compose(gone -> life.ended());
            case PAUSED, RUNNING -> {
                LOG.atInfo()
                        .addKeyValue("vm", row.id())
                        .addKeyValue("phase", row.phase())
                        .log("vm adopted");
                adopted.run();
                yield Future.succeededFuture();
            }
        };
    }
}
