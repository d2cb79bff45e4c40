package dev.vmplane.vm;

import dev.vmplane.model.CrashPoint;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Time;
import dev.vmplane.model.VmState;
import dev.vmplane.vm.agent.Agent;
import io.vertx.core.Future;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way out of one microVM that is wanted gone: it finishes the requests it has, then its guest is asked to end, and at
 * its deadline it is made to. That its process is gone is seen by whoever watches it.
 */
final class Departure {
    private static final Logger LOG = LoggerFactory.getLogger(Departure.class);
    private static final Duration DRAIN_POLL = Duration.ofMillis(100);

    private final VmRow row;
    private final Vmm vmm;
    private final GuestWords words;
    private final Agent agent;
    private final Limits limits;
    private final Time time;
    private final Life life;
    /** Completes when the guest has been told that it drains, or could not be; null before. */
    private Future<Void> told;

    private boolean asked;

    /** A departure that has not begun. */
    Departure(VmRow row, Vmm vmm, GuestWords words, Agent agent, Limits limits, Time time, Life life) {
        this.row = row;
        this.vmm = vmm;
        this.words = words;
        this.agent = agent;
        this.limits = limits;
        this.time = time;
        this.life = life;
    }

    /**
     * Waits, outside the line, until the ingress has no request of this VM under way and the guest has done what it does
     * before its end, or the row's deadline has come. May be repeated.
     */
    void drain() {
        if (told == null && row.state() instanceof VmState.Draining draining) {
            told = words.drain(left(draining)).onFailure(this::undrained).otherwiseEmpty();
            waitUntilDrained();
        }
    }

    /** The VM goes all the same: somebody wants that. */
    private void undrained(Throwable cause) {
        LOG.atWarn()
                .addKeyValue("vm", row.id())
                .addKeyValue("error", cause.getMessage())
                .log("a guest did not take that it is to drain");
    }

    private void waitUntilDrained() {
        row.outstandingRequests().otherwise(0).onSuccess(outstanding -> {
            if (!(row.state() instanceof VmState.Draining draining)) {
                return;
            }
            var done = outstanding == 0 && told.isComplete();
            if (done || time.now().isAfter(draining.deadline())) {
                life.queue(this::drained);
            } else {
                time.after(DRAIN_POLL, this::waitUntilDrained);
            }
        });
    }

    private Duration left(VmState state) {
        var left = Duration.between(time.now(), state.deadline());
        return left.isNegative() ? Duration.ZERO : left;
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
            return life.ended();
        }
        if (asked) {
            return Future.succeededFuture();
        }
        asked = true;
        time.after(left(row.state()), () -> life.queue(this::force));
        if (!vmm.booted() || vmm.asleep()) {
            return askMachine();
        }
        agent.stop().onSuccess(heard -> CrashPoint.VMM_ASKED.here()).onFailure(unheard -> life.queue(this::askMachine));
        return Future.succeededFuture();
    }

    /** By the keys and buttons of the machine, where there is no agent to ask. */
    private Future<?> askMachine() {
        return row.phase() == Phase.STOPPING && vmm.end() == null
                ? vmm.stop().recover(cause -> force().mapEmpty())
                : Future.succeededFuture();
    }

    private Future<?> force() {
        return row.phase() == Phase.STOPPING ? vmm.kill().compose(dead -> life.ended()) : Future.succeededFuture();
    }
}
