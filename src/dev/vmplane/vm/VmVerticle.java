package dev.vmplane.vm;

import dev.vmplane.bus.Address;
import dev.vmplane.bus.Bus;
import dev.vmplane.host.ProcessEnd;
import dev.vmplane.hypervisor.Inspection;
import dev.vmplane.model.Exec;
import dev.vmplane.model.GuestMetrics;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import dev.vmplane.model.VmState;
import dev.vmplane.model.VmmProcess;
import dev.vmplane.vm.agent.Agent;
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
    private static final Duration RETRY = Duration.ofSeconds(2);

    private final MicroVm first;
    private final VmParts parts;
    private final Vmm vmm;
    private final Checkup checkup;
    private final Line line = new Line(MAX_LINE);
    private final Agent agent;
    private VmRow row;
    private ExecSessions programs;
    private Construction construction;
    private Departure departure;
    private HealthWatch health = HealthWatch.WELL;
    private boolean lookQueued;
    private boolean stopped;
    /** Why this life must end, which the store may not know yet; null while it need not. */
    private Reason failure;

    /** @param found the process that runs for this row, or null when there is none */
    public VmVerticle(MicroVm row, VmmProcess found, VmParts parts) {
        this.first = row;
        this.parts = parts;
        var machine = parts.ground().machine(row);
        this.vmm = new Vmm(parts.hypervisor(), machine, found);
        this.agent = parts.agents().of(machine);
        this.checkup = new Checkup(row, parts.probe(), parts.time(), passed -> queue(() -> checked(passed)));
    }

    @Override
    public Future<?> start() {
        var bus = new Bus(vertx);
        row = new VmRow(bus, first);
        construction = new Construction(row, vmm, parts);
        departure = new Departure(row, vmm, parts.limits(), parts.time(), this::queue, this::ended);
        programs = new ExecSessions(bus, agent);
        return Future.all(
                        bus.answer(Address.vmReclaim(row.id()), this::reclaim),
                        bus.answer(Address.vmExec(row.id()), this::exec),
                        bus.answer(Address.vmMetrics(row.id()), nothing -> metrics()))
                .compose(answering -> bus.listen(Address.vmLook(row.id()), vmId -> look()))
                .onSuccess(done -> queue(this::follow));
    }

    @Override
    public Future<?> stop() {
        stopped = true;
        checkup.cancel();
        agent.close();
        vmm.release();
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
        if (!row.phase().ended() && vmm.end() != null) {
            return ended();
        }
        return switch (row.phase()) {
            case PENDING -> construction.start((VmState.Pending) row.state()).compose(built -> boot());
            case STARTING ->
                construction.begun()
                        ? construction.goOn().compose(built -> boot())
                        : fail(ReasonCode.ABANDONED, "the control plane stopped before the VM was up");
            case BOOTING, WARMING, WARM, RUNNING -> takeOver();
            case PAUSED -> row.owner() == null ? takeOver() : takeOver().compose(done -> resume());
            case DRAINING -> takeOver().onSuccess(done -> departure.drain());
            case STOPPING -> takeOver().compose(done -> departure.stop());
            case STOPPED, FAILED -> release();
        };
    }

    private Future<?> boot() {
        watch();
        return vmm.boot().onSuccess(booted -> awaitGuest());
    }

    /** After a restart of the control plane: a process is there, or it is not, and this verticle has not seen it yet. */
    private Future<?> takeOver() {
        if (vmm.watched()) {
            return Future.succeededFuture();
        }
        if (row.phase() == Phase.BOOTING && construction.begun()) {
            // Committed by this very verticle, although the store's answer was lost.
            return boot();
        }
        var known = row.state().process();
        if (!vmm.present() || (known != null && !vmm.process().equals(known))) {
            vmm.disown();
            return row.phase().leaving() ? Future.succeededFuture() : ended();
        }
        watch();
        return vmm.adopt()
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
            case ENDED -> vmm.kill().compose(gone -> ended());
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
        vmm.watch(end -> queue(this::ended));
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
        return vmm.resume()
                .compose(resumed -> row.move(((VmState.Paused) row.state()).toRunning(now())))
                .onSuccess(running -> checkup.soon());
    }

    /** The process is gone. */
    private Future<?> ended() {
        if (row.phase().ended()) {
            return Future.succeededFuture();
        }
        var seen = vmm.end() == null ? ProcessEnd.UNKNOWN : vmm.end();
        return parts.ground()
                .exit(row.vm())
                .compose(exit -> row.move(Ending.gone((VmState.Live) row.state(), exit, seen, now())))
                .compose(told -> release());
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
        return row.move(Ending.failed(live, reason, now())).compose(told -> release());
    }

    private Future<?> release() {
        checkup.cancel();
        return vmm.kill()
                .compose(dead -> parts.ground().remove(row.vm()))
                .compose(removed -> row.released())
                .onSuccess(released -> leave());
    }

    /** What comes of it is the asker's business alone: a guest without a balloon is none the worse for it. */
    private Future<Integer> reclaim(int mebibytes) {
        var told = Promise.<Integer>promise();
        queue(() -> vmm.reclaim(mebibytes)
                .map(mebibytes)
                .recover(cause -> Future.failedFuture(new Refusal(
                                Refusal.Kind.UNAVAILABLE,
                                "not_reclaimed",
                                null,
                                Failure.reason(row.id(), cause).detail())
                        .asException()))
                .onComplete(told)
                .otherwiseEmpty());
        return told.future();
    }

    private Future<Exec.Started> exec(Exec.Start start) {
        return awake("run a program").compose(up -> programs.start(start));
    }

    private Future<GuestMetrics> metrics() {
        return awake("say how it is").compose(up -> agent.metrics()).recover(AgentRefusal::of);
    }

    /** Fails where there is no guest to speak with. */
    private Future<Void> awake(String verb) {
        return switch (row.phase()) {
            case WARMING, WARM, RUNNING, DRAINING -> Future.succeededFuture();
            case PENDING, STARTING, BOOTING, PAUSED, STOPPING, STOPPED, FAILED ->
                Future.failedFuture(new Refusal(
                                Refusal.Kind.CONFLICT,
                                "vm_not_running",
                                null,
                                "vm " + row.id() + " cannot " + verb + ": it is " + row.phase())
                        .asException());
        };
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
