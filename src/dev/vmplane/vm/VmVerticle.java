package dev.vmplane.vm;

import dev.vmplane.bus.Address;
import dev.vmplane.bus.Bus;
import dev.vmplane.hypervisor.HypervisorException;
import dev.vmplane.hypervisor.Inspection;
import dev.vmplane.hypervisor.Machine;
import dev.vmplane.model.GuestExit;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import dev.vmplane.model.VmState;
import dev.vmplane.model.VmmProcess;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Owns one microVM from its row to its release. It follows the row: what the row says is carried out, what becomes of it
 * is told to the store, and only what the store has committed counts. Everything that changes the machine goes through
 * one bounded line, a step at a time; waiting for a guest does not hold up the line.
 */
public final class VmVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(VmVerticle.class);

    private static final int MAX_LINE = 32;
    private static final Duration DRAIN_POLL = Duration.ofMillis(100);
    private static final Duration RETRY = Duration.ofSeconds(2);

    private final MicroVm first;
    private final VmParts parts;
    private final Machine machine;
    private final Checkup checkup;
    private final Line line = new Line(MAX_LINE);
    private VmRow row;
    private VmmProcess process;
    private HealthWatch health = HealthWatch.WELL;
    private boolean lookQueued;
    /** This verticle has begun to build the machine, as opposed to one that stopped before it was up. */
    private boolean building;

    private boolean watching;
    private boolean stopAsked;
    private boolean stopped;
    /** The process has been seen to end, which the store may not know yet. */
    private boolean gone;
    /** Why this life must end, which the store may not know yet; null while it need not. */
    private Reason failure;

    /** @param found the process that runs for this row, or null when there is none */
    public VmVerticle(MicroVm row, VmmProcess found, VmParts parts) {
        this.first = row;
        this.process = found;
        this.parts = parts;
        this.machine = parts.ground().machine(row);
        this.checkup = new Checkup(row, parts.probe(), parts.time(), passed -> queue(() -> checked(passed)));
    }

    @Override
    public Future<?> start() {
        var bus = new Bus(vertx);
        row = new VmRow(bus, first);
        return bus.listen(Address.vmLook(row.id()), vmId -> look()).onSuccess(done -> queue(this::follow));
    }

    @Override
    public Future<?> stop() {
        stopped = true;
        checkup.cancel();
        if (process != null) {
            parts.hypervisor().release(machine, process);
        }
        return Future.succeededFuture();
    }

    /** The row has changed, or may have: reads it and follows it. Knocks that come meanwhile are one. */
    private void look() {
        if (!lookQueued) {
            lookQueued = true;
            queue(() -> {
                lookQueued = false;
                return row.read()
                        .compose(
                                found -> follow().<Void>mapEmpty(),
                                cause -> rowGone(cause).mapEmpty());
            });
        }
    }

    /** A VM whose row was forgotten must not be: whatever is left of it goes. */
    private Future<?> rowGone(Throwable cause) {
        if (cause instanceof RefusedException refused && refused.refusal().kind() == Refusal.Kind.NOT_FOUND) {
            return release();
        }
        return Future.failedFuture(cause);
    }

    /** Carries out what the row says. May be repeated. */
    private Future<?> follow() {
        if (!row.phase().ended() && failure != null) {
            return fail(failure);
        }
        if (!row.phase().ended() && gone) {
            return ended();
        }
        return switch (row.phase()) {
            case PENDING -> bootUp((VmState.Pending) row.state());
            case STARTING ->
                building ? build() : fail(ReasonCode.ABANDONED, "the control plane stopped before the VM was up");
            case BOOTING, WARMING, WARM, RUNNING -> takeOver();
            case PAUSED -> row.owner() == null ? takeOver() : takeOver().compose(done -> resume());
            case DRAINING -> takeOver().onSuccess(done -> drain());
            case STOPPING -> takeOver().compose(done -> stopGuest());
            case STOPPED, FAILED -> release();
        };
    }

    private Future<?> bootUp(VmState.Pending pending) {
        building = true;
        return row.move(pending.toStarting(now(), now().plus(parts.limits().start())))
                .compose(starting -> build());
    }

    /** Goes on from a committed start. May be repeated: the store may not have taken what came of it. */
    private Future<?> build() {
        return within(parts.limits().start(), configured())
                .compose(configured ->
                        row.move(((VmState.Starting) row.state()).toBooting(now(), bootDeadline(), process)))
                .compose(booting -> {
                    watch();
                    return parts.hypervisor().boot(machine);
                })
                .onSuccess(booted -> awaitGuest());
    }

    private Future<Void> configured() {
        return parts.ground()
                .prepare(row.vm())
                .compose(prepared ->
                        process == null ? parts.hypervisor().launch(machine) : Future.succeededFuture(process))
                .compose(launched -> {
                    process = launched;
                    return parts.hypervisor().configure(machine);
                });
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
        if (process != null) {
            parts.hypervisor()
                    .kill(machine, process)
                    .compose(dead -> parts.ground().remove(row.vm()))
                    .onFailure(cause -> LOG.atWarn()
                            .addKeyValue("vm", row.id())
                            .setCause(cause)
                            .log("what a vm left behind stays until the next sweep"));
        }
    }

    private Instant bootDeadline() {
        return now().plus(parts.limits().boot()).plus(first.boot().health().grace());
    }

    /** After a restart of the control plane: a process is there, or it is not, and this verticle has not seen it yet. */
    private Future<?> takeOver() {
        if (watching) {
            return Future.succeededFuture();
        }
        var known = row.state().process();
        if (process == null || (known != null && !process.equals(known))) {
            process = null;
            return row.phase().leaving() ? Future.succeededFuture() : ended();
        }
        watch();
        return parts.hypervisor()
                .adopt(machine, process)
                // An observation that fails is not absence: the process is there, its health will tell.
                .recover(cause -> Failure.isSilence(cause)
                        ? Future.succeededFuture(Inspection.RUNNING)
                        : Future.failedFuture(cause))
                .compose(this::adopted);
    }

    private Future<?> adopted(Inspection found) {
        return switch (found) {
            case NOT_STARTED ->
                row.phase().leaving()
                        ? Future.succeededFuture()
                        : fail(ReasonCode.ABANDONED, "the control plane stopped before the guest was started");
            case ENDED -> parts.hypervisor().kill(machine, process).compose(gone -> ended());
            case PAUSED, RUNNING -> {
                LOG.atInfo()
                        .addKeyValue("vm", row.id())
                        .addKeyValue("phase", row.phase())
                        .log("vm adopted");
                goOn();
                yield Future.succeededFuture();
            }
        };
    }

    private void goOn() {
        if (row.phase() == Phase.BOOTING) {
            awaitGuest();
        } else {
            if (row.state() instanceof VmState.Running running && !running.healthy()) {
                health = HealthWatch.sick(now());
            }
            checkup.soon();
        }
    }

    private void watch() {
        watching = true;
        parts.hypervisor().ended(machine, process).onComplete(end -> {
            gone = true;
            queue(this::ended);
        });
    }

    private void awaitGuest() {
        var silence = parts.hypervisor().capabilities().consoleLimit();
        parts.ground()
                .started(row.vm(), silence, parts.limits().boot())
                .onComplete(started -> queue(this::guestStarted), cause -> queue(() -> Future.failedFuture(cause)));
    }

    private Future<?> guestStarted() {
        if (row.phase() != Phase.BOOTING) {
            return Future.succeededFuture();
        }
        var warming = row.owner() == null ? warmUp() : Future.succeededFuture(row.vm());
        // Whether or not the store took it: the check sees to what is missing.
        return warming.onComplete(done -> checkup.now());
    }

    private Future<MicroVm> warmUp() {
        var grace = first.boot().health().grace();
        return row.move(((VmState.Booting) row.state()).toWarming(now(), now().plus(grace)));
    }

    private Future<?> checked(boolean passed) {
        var verdict = switch (row.phase()) {
            case BOOTING, WARMING -> passed ? up() : stillDown();
            case WARM, RUNNING -> judge(passed);
            case PENDING, STARTING, PAUSED, DRAINING, STOPPING, STOPPED, FAILED -> Future.succeededFuture();
        };
        // Whether or not the store took it: the next check tries again.
        return verdict.onComplete(done -> checkup.again(row.phase()));
    }

    private Future<?> up() {
        if (row.state() instanceof VmState.Warming warming) {
            return row.move(warming.toWarm(now()));
        }
        if (row.owner() == null) {
            return warmUp();
        }
        return row.move(((VmState.Booting) row.state()).toRunning(now()));
    }

    private Future<?> stillDown() {
        var port = first.boot().health().port();
        return now().isAfter(row.state().deadline())
                ? fail(
                        ReasonCode.NEVER_HEALTHY,
                        "the guest started and did not pass its health check on port " + port + " in time")
                : Future.succeededFuture();
    }

    private Future<?> judge(boolean passed) {
        health = health.after(passed, now());
        var lost = row.phase() == Phase.WARM
                ? health.sick()
                : health.lost(first.boot().health().grace(), now());
        if (lost) {
            return fail(ReasonCode.UNHEALTHY, health.failures() + " health checks in a row failed");
        }
        return row.state() instanceof VmState.Running running && running.healthy() == health.sick()
                ? row.move(running.withHealth(!health.sick(), now()))
                : Future.succeededFuture();
    }

    private Future<?> resume() {
        if (row.phase() != Phase.PAUSED) {
            return Future.succeededFuture();
        }
        return parts.hypervisor()
                .resume(machine)
                .compose(resumed -> row.move(((VmState.Paused) row.state()).toRunning(now())))
                .onSuccess(running -> checkup.soon());
    }

    /** Waits, outside the line, until the ingress has no request of this VM under way or the row's deadline has come. */
    private void drain() {
        row.outstandingRequests().otherwise(0).onSuccess(outstanding -> {
            if (!(row.state() instanceof VmState.Draining draining)) {
                return;
            }
            if (outstanding == 0 || now().isAfter(draining.deadline())) {
                queue(this::drained);
            } else {
                parts.time().after(DRAIN_POLL, this::drain);
            }
        });
    }

    private Future<?> drained() {
        return row.state() instanceof VmState.Draining draining
                ? row.move(draining.toStopping(now(), now().plus(parts.limits().stop()), draining.reason()))
                        .compose(stopping -> stopGuest())
                : Future.succeededFuture();
    }

    /** Asks the guest to end; whether it has is seen by {@link #ended}, and at the row's deadline it is made to. */
    private Future<?> stopGuest() {
        if (row.phase() == Phase.STOPPING && process == null) {
            return ended();
        }
        if (row.phase() != Phase.STOPPING || stopAsked) {
            return Future.succeededFuture();
        }
        stopAsked = true;
        var left = Duration.between(now(), row.state().deadline());
        parts.time().after(left.isNegative() ? Duration.ZERO : left, () -> queue(this::forceEnd));
        return parts.hypervisor().stop(machine).recover(cause -> forceEnd().mapEmpty());
    }

    private Future<?> forceEnd() {
        return row.phase() == Phase.STOPPING
                ? parts.hypervisor().kill(machine, process).compose(gone -> ended())
                : Future.succeededFuture();
    }

    /** The process is gone. */
    private Future<?> ended() {
        if (row.phase().ended()) {
            return Future.succeededFuture();
        }
        return parts.ground()
                .exit(row.vm())
                .compose(exit -> row.move(endState(exit)))
                .compose(told -> release());
    }

    private VmState endState(GuestExit exit) {
        var live = (VmState.Live) row.state();
        if (row.phase().leaving()) {
            return live.toStopped(now(), row.state().reason(), exit);
        }
        if (exit.equals(GuestExit.UNKNOWN)) {
            return live.toFailed(now(), new Reason(ReasonCode.VMM_DIED, "the hypervisor's process is gone"), exit);
        }
        var reason = new Reason(ReasonCode.GUEST_EXITED, "the guest's program ended with " + exit);
        return exit.success() ? live.toStopped(now(), reason, exit) : live.toFailed(now(), reason, exit);
    }

    private Future<?> fail(ReasonCode code, String detail) {
        return fail(new Reason(code, detail));
    }

    /** Ends this life for {@code reason}: told first, so that nobody is routed to it, then cleaned up. */
    private Future<?> fail(Reason reason) {
        if (!(row.state() instanceof VmState.Live live)) {
            return Future.succeededFuture();
        }
        failure = reason;
        var end = row.phase().leaving()
                ? live.toStopped(now(), row.state().reason(), GuestExit.UNKNOWN)
                : live.toFailed(now(), reason, GuestExit.UNKNOWN);
        return row.move(end).compose(told -> release());
    }

    private Future<?> release() {
        checkup.cancel();
        var killed = process == null
                ? Future.<Void>succeededFuture()
                : parts.hypervisor().kill(machine, process);
        return killed.compose(dead -> parts.ground().remove(row.vm()))
                .compose(removed -> row.released())
                .onSuccess(released -> leave());
    }

    /** Ends this verticle. A life can be over before its deployment is complete: then a moment later. */
    private void leave() {
        if (!stopped) {
            vertx.undeploy(context.deploymentID())
                    .onFailure(early -> parts.time().after(RETRY, this::leave));
        }
    }

    /** Puts a step in the line, with what is to happen when it goes wrong. */
    private void queue(Supplier<Future<?>> step) {
        if (stopped) {
            return;
        }
        var taken = line.run(() -> Future.succeededFuture()
                .compose(now -> step.get().<Void>mapEmpty())
                .recover(this::mend));
        if (!taken) {
            LOG.atError().addKeyValue("vm", row.id()).log("a vm's line is full and a step was dropped");
        }
    }

    /** What a step that failed comes to. Whatever it is, it stays this VM's trouble. */
    private Future<Void> mend(Throwable cause) {
        if (cause instanceof RefusedException refused) {
            var moved = refused.refusal().kind() == Refusal.Kind.CONFLICT
                    || refused.refusal().kind() == Refusal.Kind.NOT_FOUND;
            parts.time().after(moved ? Duration.ZERO : RETRY, this::look);
            return Future.succeededFuture();
        }
        if (row.phase().ended()) {
            LOG.atWarn()
                    .addKeyValue("vm", row.id())
                    .setCause(cause)
                    .log("a vm could not be released and will be again");
            parts.time().after(RETRY, () -> queue(this::follow));
            return Future.succeededFuture();
        }
        return fail(Failure.reason(row.id(), cause)).<Void>mapEmpty().recover(again -> {
            parts.time().after(RETRY, this::look);
            return Future.succeededFuture();
        });
    }

    private Instant now() {
        return parts.time().now();
    }
}
