package dev.vmplane.vm;

import dev.vmplane.model.Phase;
import dev.vmplane.model.Time;
import dev.vmplane.model.VmState;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The way out of one microVM that is wanted gone: it finishes the requests it has, then its guest is asked to end, and at
 * its deadline it is made to. That its process is gone is seen by whoever watches it.
 */
final class Departure {
    private static final Duration DRAIN_POLL = Duration.ofMillis(100);

    private final VmRow row;
    private final Vmm vmm;
    private final Limits limits;
    private final Time time;
    private final Consumer<Supplier<Future<?>>> line;
    private final Supplier<Future<?>> gone;
    private boolean asked;

    /**
     * A departure that has not begun.
     *
     * @param line takes a step to be done when those before it are
     * @param gone tells the end, once there is no process any more
     */
    Departure(
            VmRow row,
            Vmm vmm,
            Limits limits,
            Time time,
            Consumer<Supplier<Future<?>>> line,
            Supplier<Future<?>> gone) {
        this.row = row;
        this.vmm = vmm;
        this.limits = limits;
        this.time = time;
        this.line = line;
        this.gone = gone;
    }

    /** Waits, outside the line, until the ingress has no request of this VM under way or the row's deadline has come. */
    void drain() {
        row.outstandingRequests().otherwise(0).onSuccess(outstanding -> {
            if (!(row.state() instanceof VmState.Draining draining)) {
                return;
            }
            if (outstanding == 0 || time.now().isAfter(draining.deadline())) {
                line.accept(this::drained);
            } else {
                time.after(DRAIN_POLL, this::drain);
            }
        });
    }

    private Future<?> drained() {
        if (!(row.state() instanceof VmState.Draining draining)) {
            return Future.succeededFuture();
        }
        var now = time.now();
        return row.move(draining.toStopping(now, now.plus(limits.stop()), draining.reason()))
                .compose(stopping -> stop());
    }

    /** Asks the guest to end, once. */
    Future<?> stop() {
        if (row.phase() != Phase.STOPPING) {
            return Future.succeededFuture();
        }
        if (!vmm.present()) {
            return gone.get();
        }
        if (asked) {
            return Future.succeededFuture();
        }
        asked = true;
        var left = Duration.between(time.now(), row.state().deadline());
        time.after(left.isNegative() ? Duration.ZERO : left, () -> line.accept(this::force));
        return vmm.stop().recover(cause -> force().mapEmpty());
    }

    private Future<?> force() {
        return row.phase() == Phase.STOPPING ? vmm.kill().compose(dead -> gone.get()) : Future.succeededFuture();
    }
}
