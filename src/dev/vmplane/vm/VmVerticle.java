package dev.vmplane.vm;

import dev.vmplane.bus.Address;
import dev.vmplane.bus.Bus;
import dev.vmplane.host.ProcessEnd;
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
    private final Agent agent;
    private final Life life = new OwnLife();
    private final Line line = new Line(MAX_LINE);
    private VmRow row;
    private Construction construction;
    private Takeover takeover;
    private Arrival arrival;
    private Vigil vigil;
    private TimeLimit timeLimit;
    private Departure departure;
    private Visits visits;
    private boolean lookQueued;
    private boolean stopped;
    /** Why this life must end, which the store may not know yet; null while it need not. */
    private Reason failure;

    /** @param found the process that runs for this row, or null when there is none */
    public VmVerticle(MicroVm row, VmmProcess found, VmParts parts) {
        var machine = parts.ground().machine(row);
        this.first = row;
        this.parts = parts;
        this.vmm = new Vmm(parts.hypervisor(), machine, found);
        this.agent = parts.agents().of(machine);
    }

    @Override
    public Future<?> start() {
        var bus = new Bus(vertx);
        var time = parts.time();
        row = new VmRow(bus, first);
        var words = new GuestWords(row, agent, time);
        timeLimit = new TimeLimit(row, time, life);
        construction = new Construction(row, vmm, parts);
        arrival = new Arrival(row, vmm, words, timeLimit, time, life);
        vigil = new Vigil(row, arrival, parts.probe(), time, life);
        takeover = new Takeover(row, vmm, construction, life, this::boot, this::adopted);
        departure = new Departure(row, vmm, words, agent, parts.limits(), time, life);
        visits = new Visits(bus, row, agent);
        return bus.answer(Address.vmReclaim(row.id()), this::reclaim)
                .compose(answering -> visits.receive(bus))
                .compose(answering -> bus.listen(Address.vmLook(row.id()), vmId -> look()))
                .onSuccess(done -> queue(this::follow));
    }

    @Override
    public Future<?> stop() {
        stopped = true;
        vigil.cancel();
        timeLimit.cancel();
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
                        : fail(new Reason(ReasonCode.ABANDONED, "the control plane stopped before the VM was up"));
            case BOOTING, WARMING -> takeover.complete();
            case WARM, PAUSED -> takeover.complete().compose(done -> waits().mapEmpty());
            case RUNNING -> takeover.complete().compose(done -> timeLimit.watch());
            case DRAINING -> takeover.complete().onSuccess(done -> departure.drain());
            case STOPPING -> takeover.complete().compose(done -> departure.stop());
            case STOPPED, FAILED -> release();
        };
    }

    private Future<?> boot() {
        vmm.watch(end -> queue(this::ended));
        return vmm.boot().onSuccess(booted -> awaitGuest());
    }

    /** A guest of a former control plane lives. */
    private void adopted() {
        if (row.phase() == Phase.BOOTING) {
            awaitGuest();
        } else {
            vigil.takeOver();
        }
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
        var warming = row.owner() == null ? arrival.warmUp() : Future.succeededFuture(row.vm());
        // Whether or not the store took it: the check sees to what is missing.
        return warming.onComplete(done -> vigil.now());
    }

    /** Its guest is up: its owner is waiting for it, or it waits for one. */
    private Future<?> waits() {
        if (row.owner() != null) {
            return arrival.goOn();
        }
        return row.phase() == Phase.PAUSED && !vmm.asleep() ? pause() : Future.succeededFuture();
    }

    /** Whoever runs something in the guest would only see it hang, until the connection is found dead. */
    private Future<?> pause() {
        vigil.cancel();
        agent.close();
        return vmm.pause();
    }

    /** The process is gone. */
    private Future<?> ended() {
        if (row.phase().ended()) {
            return Future.succeededFuture();
        }
        var seen = vmm.end() == null ? ProcessEnd.UNKNOWN : vmm.end();
        return parts.ground()
                .end(row.vm())
                .compose(last -> row.move(Ending.gone((VmState.Live) row.state(), last, seen, now())))
                .compose(told -> release());
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
        vigil.cancel();
        timeLimit.cancel();
        agent.close();
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

    /** What its parts may ask of this verticle, and nobody else. */
    private final class OwnLife implements Life {
        @Override
        public void queue(Supplier<Future<?>> step) {
            VmVerticle.this.queue(step);
        }

        @Override
        public Future<?> fail(Reason reason) {
            return VmVerticle.this.fail(reason);
        }

        @Override
        public Future<?> ended() {
            return VmVerticle.this.ended();
        }

        @Override
        public void check() {
            if (!stopped && !row.phase().leaving()) {
                vigil.now();
            }
        }
    }
}
