package dev.vmplane.vm;

import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.Moved;
import dev.vmplane.bus.Bus;
import dev.vmplane.host.HostException;
import dev.vmplane.hypervisor.HypervisorException;
import dev.vmplane.hypervisor.Inspection;
import dev.vmplane.hypervisor.Machine;
import dev.vmplane.model.GuestExit;
import dev.vmplane.model.Health;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import dev.vmplane.model.Time.Alarm;
import dev.vmplane.model.VmState;
import dev.vmplane.model.VmmProcess;
import io.vertx.core.Future;
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

    /** How often a guest that has not passed yet is checked: it is worth much to know soon. */
    private static final Duration SETTLING = Duration.ofMillis(100);

    private static final Duration DRAIN_POLL = Duration.ofMillis(100);
    private static final Duration RETRY = Duration.ofSeconds(2);

    private final VmParts parts;
    private final Machine machine;
    private final Line line = new Line(MAX_LINE);
    private Bus bus;
    private MicroVm row;
    private VmmProcess process;
    private HealthWatch health = HealthWatch.WELL;
    private Alarm nextCheck = () -> {};
    private boolean lookQueued;
    private boolean watching;
    private boolean stopAsked;

    /** @param found the process that runs for this row, or null when there is none */
    public VmVerticle(MicroVm row, VmmProcess found, VmParts parts) {
        this.row = row;
        this.process = found;
        this.parts = parts;
        this.machine = parts.ground().machine(row);
    }

    @Override
    public Future<?> start() {
        bus = new Bus(vertx);
        return bus.listen(Address.vmLook(row.vmId()), vmId -> look()).onSuccess(done -> queue(this::follow));
    }

    @Override
    public Future<?> stop() {
        nextCheck.cancel();
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
                return bus.ask(Address.STORE_INSTANCE_GET, row.vmId())
                        .map(found -> row = found)
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
        return switch (row.phase()) {
            case PENDING -> bootUp((VmState.Pending) row.state());
            case STARTING -> fail(new Reason(ReasonCode.ABANDONED, "the control plane stopped before the VM was up"));
            case BOOTING, WARMING, WARM, RUNNING -> watching ? Future.succeededFuture() : takeOver();
            case PAUSED -> row.owner() == null ? takeOver() : takeOver().compose(done -> resume());
            case DRAINING -> takeOver().onSuccess(done -> drain());
            case STOPPING -> takeOver().compose(done -> stopGuest());
            case STOPPED, FAILED -> release();
        };
    }

    private Future<?> bootUp(VmState.Pending pending) {
        var hypervisor = parts.hypervisor();
        return move(pending.toStarting(now(), now().plus(parts.limits().start())))
                .compose(starting -> parts.ground().prepare(row))
                .compose(prepared -> hypervisor.launch(machine))
                .compose(launched -> {
                    process = launched;
                    return hypervisor.configure(machine);
                })
                .compose(configured -> move(((VmState.Starting) row.state()).toBooting(now(), bootDeadline(), process)))
                .compose(booting -> {
                    watch();
                    return hypervisor.boot(machine);
                })
                .onSuccess(booted -> awaitGuest());
    }

    private Instant bootDeadline() {
        return now().plus(parts.limits().boot()).plus(row.boot().health().grace());
    }

    /** After a restart of the control plane: a process is there, or it is not, and this verticle has not seen it yet. */
    private Future<?> takeOver() {
        if (watching) {
            return Future.succeededFuture();
        }
        if (process == null
                || (row.state().process() != null && !process.equals(row.state().process()))) {
            process = null;
            return row.phase().leaving() ? Future.succeededFuture() : ended();
        }
        watch();
        return parts.hypervisor()
                .adopt(machine, process)
                // An observation that fails is not absence: the process is there, its health will tell.
                .recover(cause ->
                        isSilence(cause) ? Future.succeededFuture(Inspection.RUNNING) : Future.failedFuture(cause))
                .compose(this::adopted);
    }

    private Future<?> adopted(Inspection found) {
        return switch (found) {
            case NOT_STARTED ->
                row.phase().leaving()
                        ? Future.succeededFuture()
                        : fail(new Reason(
                                ReasonCode.ABANDONED, "the control plane stopped before the guest was started"));
            case ENDED -> parts.hypervisor().kill(machine, process).compose(gone -> ended());
            case PAUSED, RUNNING -> {
                LOG.atInfo()
                        .addKeyValue("vm", row.vmId())
                        .addKeyValue("phase", row.phase())
                        .log("vm adopted");
                if (row.phase() == Phase.BOOTING) {
                    awaitGuest();
                } else {
                    checkAfter(jitter());
                }
                yield Future.succeededFuture();
            }
        };
    }

    private void watch() {
        watching = true;
        parts.hypervisor().ended(machine, process).onComplete(gone -> queue(this::ended));
    }

    private void awaitGuest() {
        var silence = parts.hypervisor().capabilities().consoleLimit();
        parts.ground()
                .started(row, silence, parts.limits().boot())
                .onComplete(started -> queue(this::guestStarted), cause -> queue(() -> Future.failedFuture(cause)));
    }

    private Future<?> guestStarted() {
        if (row.phase() != Phase.BOOTING) {
            return Future.succeededFuture();
        }
        var warming = row.owner() == null
                ? move(((VmState.Booting) row.state())
                        .toWarming(now(), now().plus(row.boot().health().grace())))
                : Future.succeededFuture(row);
        return warming.onSuccess(done -> checkAfter(Duration.ZERO));
    }

    private void checkAfter(Duration delay) {
        nextCheck.cancel();
        nextCheck = parts.time()
                .after(
                        delay,
                        () -> parts.probe()
                                .passes(row.boot().health(), row.address())
                                .onSuccess(passed -> queue(() -> checked(passed))));
    }

    private Future<?> checked(boolean passed) {
        var verdict = switch (row.phase()) {
            case BOOTING, WARMING -> passed ? up() : stillDown();
            case WARM, RUNNING -> judge(passed);
            case PENDING, STARTING, PAUSED, DRAINING, STOPPING, STOPPED, FAILED -> Future.succeededFuture();
        };
        return verdict.onSuccess(done -> checkAgain());
    }

    private void checkAgain() {
        switch (row.phase()) {
            case BOOTING, WARMING -> checkAfter(SETTLING);
            case WARM, RUNNING -> {
                if (row.boot().health().kind() != Health.Kind.NONE) {
                    checkAfter(row.boot().health().interval());
                }
            }
            case PENDING, STARTING, PAUSED, DRAINING, STOPPING, STOPPED, FAILED -> nextCheck.cancel();
        }
    }

    private Future<?> up() {
        if (row.state() instanceof VmState.Warming warming) {
            return move(warming.toWarm(now()));
        }
        return move(((VmState.Booting) row.state()).toRunning(now()));
    }

    private Future<?> stillDown() {
        return now().isAfter(row.state().deadline())
                ? fail(new Reason(
                        ReasonCode.NEVER_HEALTHY,
                        "the guest started and did not pass its health check on port "
                                + row.boot().health().port() + " in time"))
                : Future.succeededFuture();
    }

    private Future<?> judge(boolean passed) {
        health = health.after(passed, now());
        var reason = new Reason(ReasonCode.UNHEALTHY, health.failures() + " health checks in a row failed");
        if (row.state() instanceof VmState.Running running) {
            if (health.lost(row.boot().health().grace(), now())) {
                return fail(reason);
            }
            return running.healthy() == health.sick()
                    ? move(running.withHealth(!health.sick()))
                    : Future.succeededFuture();
        }
        return health.sick() ? fail(reason) : Future.succeededFuture();
    }

    private Future<?> resume() {
        return parts.hypervisor()
                .resume(machine)
                .compose(resumed -> move(((VmState.Paused) row.state()).toRunning(now())))
                .onSuccess(running -> checkAfter(jitter()));
    }

    /** Waits, outside the line, until the ingress has no request of this VM under way or the row's deadline has come. */
    private void drain() {
        bus.ask(Address.INGRESS_OUTSTANDING, row.vmId()).otherwise(0).onSuccess(outstanding -> {
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
                ? move(draining.toStopping(now(), now().plus(parts.limits().stop()), draining.reason()))
                        .compose(stopping -> stopGuest())
                : Future.succeededFuture();
    }

    /** Asks the guest to end; whether it has is seen by {@link #ended}, and at the row's deadline it is made to. */
    private Future<?> stopGuest() {
        if (process == null) {
            return ended();
        }
        if (stopAsked) {
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
        return parts.ground().exit(row).compose(exit -> move(endState(exit))).compose(told -> release());
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

    /** Ends this life for {@code reason}: told first, so that nobody is routed to it, then cleaned up. */
    private Future<?> fail(Reason reason) {
        if (!(row.state() instanceof VmState.Live live)) {
            return Future.succeededFuture();
        }
        var end = row.phase().leaving()
                ? live.toStopped(now(), row.state().reason(), GuestExit.UNKNOWN)
                : live.toFailed(now(), reason, GuestExit.UNKNOWN);
        return move(end).compose(told -> release());
    }

    private Future<?> release() {
        nextCheck.cancel();
        var gone = process == null
                ? Future.<Void>succeededFuture()
                : parts.hypervisor().kill(machine, process);
        return gone.compose(dead -> parts.ground().remove(row))
                .compose(removed -> bus.ask(Address.STORE_INSTANCE_RELEASED, row.vmId()))
                .onSuccess(released -> vertx.undeploy(context.deploymentID()));
    }

    private Future<MicroVm> move(VmState to) {
        return bus.ask(Address.STORE_INSTANCE_MOVED, new Moved(row.vmId(), row.phase(), to))
                .map(this::enter);
    }

    /** The one place that takes over what the store has committed. */
    private MicroVm enter(MicroVm committed) {
        var line = (committed.phase() == Phase.FAILED ? LOG.atWarn() : LOG.atInfo())
                .addKeyValue("vm", row.vmId())
                .addKeyValue("from", row.phase())
                .addKeyValue("to", committed.phase());
        var reason = committed.state().reason();
        (reason == null ? line : line.addKeyValue("reason", reason)).log("vm changed state");
        row = committed;
        return row;
    }

    /** Puts a step in the line, with what is to happen when it goes wrong. */
    private void queue(Supplier<Future<?>> step) {
        var taken = line.run(() -> Future.succeededFuture()
                .compose(now -> step.get().<Void>mapEmpty())
                .recover(this::mend));
        if (!taken) {
            LOG.atError().addKeyValue("vm", row.vmId()).log("a vm's line is full and a step was dropped");
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
                    .addKeyValue("vm", row.vmId())
                    .setCause(cause)
                    .log("a vm could not be released and will be again");
            parts.time().after(RETRY, () -> queue(this::follow));
            return Future.succeededFuture();
        }
        return fail(reasonOf(cause)).<Void>mapEmpty().recover(again -> {
            parts.time().after(RETRY, this::look);
            return Future.succeededFuture();
        });
    }

    private Reason reasonOf(Throwable cause) {
        if (cause instanceof HypervisorException failed) {
            return failed.reason();
        }
        if (cause instanceof HostException failed) {
            return failed.reason();
        }
        LOG.atError().addKeyValue("vm", row.vmId()).setCause(cause).log("a vm failed by a defect");
        return new Reason(ReasonCode.DEFECT, "internal error, see the log of the control plane");
    }

    private static boolean isSilence(Throwable cause) {
        return cause instanceof HypervisorException failed && failed.reason().code() == ReasonCode.HYPERVISOR_SILENT;
    }

    /** Where in its interval this VM is checked, so that not all are checked at once after a restart. */
    private Duration jitter() {
        var interval = Math.max(1, row.boot().health().interval().toMillis());
        return Duration.ofMillis(Math.floorMod(row.vmId().hashCode(), interval));
    }

    private Instant now() {
        return parts.time().now();
    }
}
