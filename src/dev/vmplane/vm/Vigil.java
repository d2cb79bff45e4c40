package dev.vmplane.vm;

import dev.vmplane.model.Phase;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Time;
import dev.vmplane.model.VmState;
import io.vertx.core.Future;

/** Watches over the health of one guest: what each check means in the phase it comes in. */
final class Vigil {
    private final VmRow row;
    private final Arrival arrival;
    private final Time time;
    private final Life life;
    private final Checkup checkup;
    private HealthWatch health = HealthWatch.WELL;

    Vigil(VmRow row, Arrival arrival, HealthProbe probe, Time time, Life life) {
        this.row = row;
        this.arrival = arrival;
        this.time = time;
        this.life = life;
        this.checkup = new Checkup(row.vm(), probe, time, passed -> life.queue(() -> checked(passed)));
    }

    void now() {
        checkup.now();
    }

    void soon() {
        checkup.soon();
    }

    void cancel() {
        checkup.cancel();
    }

    /** Goes on with what another control plane knew. */
    void takeOver() {
        if (row.state() instanceof VmState.Running running && !running.healthy()) {
            health = HealthWatch.sick(time.now());
        }
        checkup.soon();
    }

    private Future<?> checked(boolean passed) {
        var verdict = switch (row.phase()) {
            case BOOTING, WARMING -> passed ? arrival.goOn() : stillDown();
            case WARM, RUNNING -> judge(passed);
            case PENDING, STARTING, PAUSED, DRAINING, STOPPING, STOPPED, FAILED -> Future.succeededFuture();
        };
        // Whether or not the store took it: the next check tries again.
        return verdict.onComplete(done -> again());
    }

    /** A guest that is being told something on its way up is checked again when it has answered. */
    private void again() {
        if (!arrival.underWay() || !row.phase().rising()) {
            checkup.again(row.phase());
        }
    }

    private Future<?> stillDown() {
        if (arrival.underWay() || !time.now().isAfter(row.state().deadline())) {
            return Future.succeededFuture();
        }
        var port = row.vm().boot().health().port();
        return life.fail(new Reason(
                ReasonCode.NEVER_HEALTHY,
                "the guest started and did not pass its health check on port " + port + " in time"));
    }

    private Future<?> judge(boolean passed) {
        var now = time.now();
        health = health.after(passed, now);
        var lost = row.phase() == Phase.WARM
                ? health.sick()
                : health.lost(row.vm().boot().health().grace(), now);
        if (lost) {
            return life.fail(new Reason(ReasonCode.UNHEALTHY, health.failures() + " health checks in a row failed"));
        }
        return row.state() instanceof VmState.Running running && running.healthy() == health.sick()
                ? row.move(running.withHealth(!health.sick(), now))
                : Future.succeededFuture();
    }
}
