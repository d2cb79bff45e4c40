package dev.vmplane.pool;

import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.Moved;
import dev.vmplane.bus.Address.PageQuery;
import dev.vmplane.bus.Bus;
import dev.vmplane.host.Estate;
import dev.vmplane.model.Changes;
import dev.vmplane.model.CrashPoint;
import dev.vmplane.model.GuestExit;
import dev.vmplane.model.Intents;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Time;
import dev.vmplane.model.VmState;
import dev.vmplane.model.VmmProcess;
import io.vertx.core.Context;
import io.vertx.core.Deployable;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives every row of this host its verticle: at start to those that live already, then to each new one when it has a boot
 * slot. Removes from the host what has no row, at start and from time to time.
 */
public final class PoolVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(PoolVerticle.class);

    private static final Duration SWEEP = Duration.ofMinutes(1);
    private static final PageQuery EVERYTHING = new PageQuery(null, null, Integer.MAX_VALUE);

    private static final Reason HOST_FULL =
            new Reason(ReasonCode.HOST_FULL, "the host is full and a VM that a job waits for needs its room");

    private final Pool pool;
    private final Estate estate;
    private final BiFunction<MicroVm, VmmProcess, Deployable> vmVerticles;
    private final Time time;
    private final Set<String> deployed = new HashSet<>();
    private Bus bus;
    /** Everything that lives has been seen: before that, room that is taken would seem free. */
    private boolean complete;

    private boolean stopped;
    private volatile Usage usage;

    /**
     * A pool executor.
     *
     * @param pool new; decides who may boot
     * @param vmVerticles makes the verticle of a row, given the process found for it or null
     */
    public PoolVerticle(Pool pool, Estate estate, BiFunction<MicroVm, VmmProcess, Deployable> vmVerticles, Time time) {
        this.pool = pool;
        this.usage = new Usage(pool.total(), Room.NONE);
        this.estate = estate;
        this.vmVerticles = vmVerticles;
        this.time = time;
    }

    @Override
    public Future<?> start() {
        bus = new Bus(vertx);
        return bus.listen(Address.COMMITTED, this::committed)
                .compose(listening -> look())
                .compose(this::adopt)
                .onSuccess(done -> time.after(SWEEP, this::sweepAgain));
    }

    /** The VMs go on; a row that waited for its slot waits for the next start. */
    @Override
    public Future<?> stop() {
        stopped = true;
        return Future.succeededFuture();
    }

    /** What this host holds and what its rows say, in that order: see {@link Estate#sweep}. */
    private Future<Look> look() {
        return estate.found()
                .compose(found -> bus.ask(Address.STORE_INSTANCE_LIST, EVERYTHING)
                        .map(rows -> new Look(
                                found,
                                rows.items().stream()
                                        .filter(vm -> !vm.released())
                                        .toList())));
    }

    private record Look(Estate.Found found, List<MicroVm> live) {}

    private Future<?> adopt(Look look) {
        CrashPoint.POOL_FOUND.here();
        var processes = look.found().processes();
        look.live().forEach(pool::saw);
        var adopted = look.live().stream()
                .filter(vm -> vm.phase() != Phase.PENDING)
                .map(vm -> deploy(vm, processes.get(vm.vmId())))
                .toList();
        LOG.atInfo()
                .addKeyValue("rows", look.live().size())
                .addKeyValue("processes", processes.size())
                .log("adopting what runs");
        return Future.join(adopted).compose(done -> sweep(look)).onSuccess(done -> {
            complete = true;
            carryOut();
        });
    }

    private void committed(Changes changes) {
        for (var vm : changes.vms()) {
            pool.saw(vm);
            if (vm.released()) {
                deployed.remove(vm.vmId());
            } else if (deployed.contains(vm.vmId())) {
                bus.publish(Address.vmLook(vm.vmId()), vm.vmId());
            } else if (vm.phase().leaving()) {
                // Given up before it had a slot: there is nothing to stop, but its end must still be told.
                deploy(vm, null);
            }
        }
        changes.jobsGone().forEach(job -> pool.forgotJob(job.jobId()));
        changes.vmsGone().forEach(vm -> {
            pool.forgot(vm.vmId());
            deployed.remove(vm.vmId());
        });
        carryOut();
    }

    /** What the pool has decided, from what it has seen by now. What the store does not hear is decided again. */
    private void carryOut() {
        if (!complete) {
            return;
        }
        var decision = pool.decide();
        decision.boot().forEach(vm -> deploy(vm, null));
        if (!decision.giveUp().isEmpty()) {
            giveUp(decision.giveUp());
        }
        decision.waiting().forEach(this::tell);
        usage = new Usage(pool.total(), pool.held());
    }

    private void giveUp(List<MicroVm> warm) {
        LOG.atInfo().addKeyValue("vms", warm.size()).log("giving warm vms up for those that jobs wait for");
        var retire = warm.stream()
                .map(vm -> new Intents.Retire(vm.vmId(), HOST_FULL))
                .toList();
        bus.ask(Address.STORE_INTEND, new Intents(List.of(), List.of(), retire)).onFailure(cause -> {
            LOG.atWarn().setCause(cause).log("warm vms could not be given up yet");
            warm.forEach(vm -> pool.stays(vm.vmId()));
        });
    }

    private void tell(Pool.Waiting waiting) {
        var vm = waiting.vm();
        LOG.atInfo()
                .addKeyValue("vm", vm.vmId())
                .addKeyValue("reason", waiting.reason())
                .log("vm waits");
        var pending = ((VmState.Pending) vm.state()).waitingFor(waiting.reason());
        // One that is refused has moved on meanwhile, or the store is in trouble: then it is told later.
        bus.ask(Address.STORE_INSTANCE_MOVED, new Moved(vm.vmId(), Phase.PENDING, pending))
                .onFailure(refused -> pool.untold(vm.vmId()));
    }

    /** What VMs have of this host, as of the last decision; may be asked from any thread. */
    public Usage usage() {
        return usage;
    }

    /** All the room there is for VMs, and what they have of it. */
    public record Usage(Room total, Room held) {}

    private Future<?> deploy(MicroVm vm, VmmProcess found) {
        if (stopped) {
            return Future.succeededFuture();
        }
        deployed.add(vm.vmId());
        var life = new Life(vmVerticles.apply(vm, found));
        // What started and could not be deployed all the same came while this verticle is undeployed, stop() being
        // next.
        return vertx.deployVerticle(life)
                .onSuccess(done -> CrashPoint.POOL_DEPLOYED.here())
                .recover(cause -> stopped || life.started ? Future.succeededFuture("stopped") : giveUp(vm, cause));
    }

    /** A VM's verticle that remembers whether it started. */
    private static final class Life implements Deployable {
        private final Deployable verticle;
        private volatile boolean started;

        private Life(Deployable verticle) {
            this.verticle = verticle;
        }

        @Override
        public Future<?> deploy(Context context) throws Exception {
            return verticle.deploy(context).onSuccess(done -> started = true);
        }

        @Override
        public Future<?> undeploy(Context context) throws Exception {
            return verticle.undeploy(context);
        }
    }

    private Future<String> giveUp(MicroVm vm, Throwable cause) {
        LOG.atError().addKeyValue("vm", vm.vmId()).setCause(cause).log("a vm's verticle could not be deployed");
        deployed.remove(vm.vmId());
        var reason = new Reason(ReasonCode.DEFECT, "internal error, see the log of the control plane");
        return vm.state() instanceof VmState.Live live
                ? bus.ask(
                                Address.STORE_INSTANCE_MOVED,
                                new Moved(vm.vmId(), vm.phase(), live.toFailed(time.now(), reason, GuestExit.UNKNOWN)))
                        .map("failed")
                        .otherwise("lost")
                : Future.succeededFuture("ended");
    }

    private void sweepAgain() {
        if (stopped) {
            return;
        }
        look().compose(this::sweep)
                .onFailure(cause -> LOG.atWarn().setCause(cause).log("the sweep failed and is repeated"))
                .onComplete(done -> {
                    carryOut();
                    time.after(SWEEP, this::sweepAgain);
                });
    }

    private Future<?> sweep(Look look) {
        return estate.sweep(look.live().stream().map(MicroVm::vmId).collect(Collectors.toSet()), look.found());
    }
}
