package dev.vmplane.store;

import dev.vmplane.bus.Address.JobKey;
import dev.vmplane.bus.Address.Moved;
import dev.vmplane.bus.Address.PutAnswer;
import dev.vmplane.bus.Address.PutJob;
import dev.vmplane.model.Changes;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.EventType;
import dev.vmplane.model.Intents;
import dev.vmplane.model.Lifecycle;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Owner;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import dev.vmplane.model.Retry;
import dev.vmplane.model.SpecHash;
import dev.vmplane.model.VmState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * The rules about rows, applied to one transaction in the making. Because there is one writer, each holds for the whole
 * fleet: a warm VM is claimed by one job, a replica has one routed VM, a pool never exceeds its max.
 *
 * <p>An operation checks everything before it changes anything, so that one that is refused leaves the draft as it was.
 */
public final class Draft {
    private final Overlay rows;
    private final Rules rules;
    private final Instant now;
    private final Supplier<String> vmIds;

    /** @param vmIds gives an id nobody has had each time it is asked */
    public Draft(Ledger ledger, Rules rules, Instant now, Supplier<String> vmIds) {
        this.rows = new Overlay(ledger, now);
        this.rules = rules;
        this.now = now;
        this.vmIds = vmIds;
    }

    public Changes changes() {
        return rows.changes();
    }

    public PutAnswer putJob(PutJob put) {
        var known = rows.job(put.jobId());
        if (known != null) {
            refuseTakeover(known, put);
            if (known.spec().equals(put.spec())) {
                return new PutAnswer(known, false, false, List.of(), rows.seq());
            }
        }
        var job = wished(put, known);
        rows.put(job);
        rows.tell(
                known == null ? EventType.JOB_CREATED : EventType.JOB_CHANGED,
                job,
                known == null ? JobFacts.of(job) : JobFacts.changed(known, job));
        var reboots = known == null || !known.specHash().equals(job.specHash());
        if (known != null) {
            forgetRetries(known, reboots ? 0 : job.spec().replicas());
        }
        if (known != null && reboots) {
            forgetPoolOf(known);
        }
        // A crashed VM of an unchanged hash waits out its backoff; whoever only changes a label does not end the wait.
        var attached = reboots ? claimForAll(job) : List.<MicroVm>of();
        return new PutAnswer(job, known == null, true, attached, rows.seq());
    }

    private static void refuseTakeover(DesiredVm known, PutJob put) {
        if (!known.tenant().equals(put.tenant())) {
            throw conflict(
                    "job_id_taken", "job '" + put.jobId() + "' belongs to another tenant: choose another job_id");
        }
        if (known.source() != put.source()) {
            throw conflict(
                    "other_source",
                    switch (known.source()) {
                        case FILE ->
                            "job '" + put.jobId() + "' is declared in the file of desired VMs: change it there";
                        case API -> "job '" + put.jobId() + "' was made through the API: delete it there first";
                    });
        }
    }

    private DesiredVm wished(PutJob put, DesiredVm known) {
        return new DesiredVm(
                put.jobId(),
                put.tenant(),
                put.spec(),
                SpecHash.of(put.spec().boot()),
                known == null ? 1 : known.generation() + 1,
                put.source(),
                known == null ? now : known.createdAt(),
                now);
    }

    /** Takes what is warm already, so that the answer to a wish can say that it is live. */
    private List<MicroVm> claimForAll(DesiredVm job) {
        return IntStream.range(0, job.spec().replicas())
                .mapToObj(replica -> claim(job, replica))
                .flatMap(Optional::stream)
                .toList();
    }

    public long deleteJob(JobKey key) {
        var job = rows.job(key.jobId());
        if (job == null || (key.tenant() != null && !key.tenant().equals(job.tenant()))) {
            throw Refusal.notFound("job_not_found", "job '" + key.jobId() + "' does not exist")
                    .asException();
        }
        rows.remove(job);
        rows.tell(EventType.JOB_DELETED, job, JobFacts.of(job));
        forgetRetries(job, 0);
        forgetPoolOf(job);
        var reason = new Reason(ReasonCode.DELETED, "the job was deleted");
        for (var vm : rows.vmsOf(job.jobId())) {
            if (vm.released()) {
                forget(vm);
            } else {
                retire(vm, reason);
            }
        }
        return rows.seq();
    }

    /** Carries out what still fits the world: a reconciler decides on what it saw a moment ago. */
    public long intend(Intents intents) {
        for (var retire : intents.retire()) {
            var vm = rows.vm(retire.vmId());
            if (vm != null) {
                retire(vm, retire.reason());
            }
        }
        intents.place().forEach(this::place);
        intents.warm().forEach(this::warm);
        return rows.seq();
    }

    private void place(Intents.Place place) {
        var job = rows.job(place.jobId());
        if (job == null
                || job.generation() != place.generation()
                || place.replica() >= job.spec().replicas()) {
            return;
        }
        if (rows.filled(job, place.replica()) || claim(job, place.replica()).isPresent()) {
            return;
        }
        var owner = ownerOf(job, place.replica());
        if (create(job.specHash(), job, owner).isEmpty()) {
            var key = Retry.ofReplica(job.jobId(), place.replica());
            remember(
                    rules.backoff()
                            .after(rows.retry(key), key, job.specHash(), Duration.ZERO, now, Addresses.exhausted()),
                    job);
        } else if (job.spec().warmPool().max() > 0) {
            rows.tell(EventType.POOL_MISS, job, JobFacts.of(job));
        }
    }

    private void warm(Intents.Warm warm) {
        var room = rows.bounds(warm.specHash()).max()
                - rows.unowned(warm.specHash()).count();
        var job = rows.anyJobOf(warm.specHash());
        for (var n = 0; job != null && n < Math.min(warm.count(), room); n++) {
            if (create(warm.specHash(), job, null).isEmpty()) {
                return;
            }
        }
    }

    private Optional<MicroVm> create(String specHash, DesiredVm like, Owner owner) {
        return rows.freeAddress().map(address -> {
            var vm = new MicroVm(
                    vmIds.get(),
                    rules.node(),
                    specHash,
                    like.spec().boot(),
                    owner,
                    new VmState.Pending(now),
                    address,
                    now,
                    false);
            rows.put(vm);
            rows.tell(EventType.VM_CREATED, vm, Map.of("spec_hash", specHash));
            return vm;
        });
    }

    /** Attaches the oldest warm VM of the job's hash, if there is one and the job may have it. */
    private Optional<MicroVm> claim(DesiredVm job, int replica) {
        if (job.spec().lifecycle() == Lifecycle.JOB || rows.filled(job, replica)) {
            return Optional.empty();
        }
        return rows.unowned(job.specHash())
                .filter(MicroVm::claimable)
                .findFirst()
                .map(warm -> attach(warm, ownerOf(job, replica)));
    }

    private MicroVm attach(MicroVm warm, Owner owner) {
        // A paused guest is attached as it is; it runs once its verticle has resumed it.
        var state = warm.state() instanceof VmState.Warm idle ? idle.toRunning(now) : warm.state();
        var vm = warm.with(owner, state);
        rows.put(vm);
        rows.tell(EventType.VM_ATTACHED, vm, VmFacts.attached(warm, vm, now));
        switchTo(vm);
        return vm;
    }

    /**
     * The one routed VM of a replica is now {@code vm}: whoever was before gets no new requests from here on. A VM of a
     * former spec never takes the place of one of the present spec: it serves until that one runs, or goes itself.
     */
    private void switchTo(MicroVm vm) {
        if (vm.phase() != Phase.RUNNING) {
            return;
        }
        var replaceable = new ArrayList<MicroVm>();
        for (var other : rows.vmsOf(vm.owner().jobId())) {
            if (other.owner().replica() != vm.owner().replica() || other.vmId().equals(vm.vmId())) {
                continue;
            }
            if (present(vm) || !present(other)) {
                replaceable.add(other);
            } else if (other.phase() == Phase.RUNNING) {
                retire(vm, replacedBy(other));
                return;
            }
        }
        replaceable.forEach(other -> retire(other, replacedBy(vm)));
    }

    /** Whether the VM's job wants the very spec it was booted from. */
    private boolean present(MicroVm vm) {
        var job = rows.job(vm.owner().jobId());
        return job != null && job.specHash().equals(vm.specHash());
    }

    private static Reason replacedBy(MicroVm vm) {
        return new Reason(ReasonCode.REPLACED, "replaced by " + vm.vmId());
    }

    private void retire(MicroVm vm, Reason reason) {
        if (vm.phase().leaving()) {
            return;
        }
        if (vm.state() instanceof VmState.Running running) {
            enter(vm, running.toDraining(now, now.plus(rules.drainLimit()), reason));
        } else {
            enter(vm, ((VmState.Live) vm.state()).toStopping(now, now.plus(rules.stopLimit()), reason));
        }
    }

    /** A fact from the VM itself. The end of a VM is always believed, any other move only from where it stands here. */
    public MicroVm moved(Moved moved) {
        var vm = rows.vm(moved.vmId());
        if (vm == null || vm.phase().ended()) {
            throw Refusal.notFound("vm_not_found", "vm " + moved.vmId() + " is not there any more")
                    .asException();
        }
        var to = moved.to();
        var misplaced =
                (to.phase() == Phase.RUNNING && vm.owner() == null) || (to.phase() == Phase.WARM && vm.owner() != null);
        if (!to.phase().ended() && (vm.phase() != moved.from() || misplaced)) {
            throw conflict("vm_moved", "vm " + vm.vmId() + " cannot become " + to.phase() + ": it is " + vm.phase());
        }
        var after = enter(vm, to);
        if (to.phase() == Phase.RUNNING) {
            switchTo(after);
            return rows.vm(after.vmId());
        } else if (to.phase() == Phase.WARM) {
            rows.forgetRetry(Retry.ofPool(vm.specHash()));
        } else if (to.phase().ended() && !vm.phase().leaving()) {
            settle(vm, to);
        }
        return after;
    }

    private MicroVm enter(MicroVm vm, VmState to) {
        var after = vm.with(to);
        rows.put(after);
        rows.tell(vm.phase() == to.phase() ? EventType.VM_HEALTH : EventType.VM_PHASE, after, VmFacts.moved(vm, after));
        return after;
    }

    /** Remembers an end nobody asked for: when, or whether, there will be another attempt. */
    private void settle(MicroVm vm, VmState end) {
        var healthyFor = switch (vm.phase()) {
            case RUNNING, WARM, PAUSED -> Duration.between(vm.state().since(), now);
            case PENDING, STARTING, BOOTING, WARMING, DRAINING, STOPPING, STOPPED, FAILED -> Duration.ZERO;
        };
        if (vm.owner() == null) {
            if (rows.anyJobOf(vm.specHash()) == null) {
                return;
            }
            var key = Retry.ofPool(vm.specHash());
            rows.put(rules.backoff().after(rows.retry(key), key, vm.specHash(), healthyFor, now, end.reason()));
            return;
        }
        var job = rows.job(vm.owner().jobId());
        if (job == null
                || !job.specHash().equals(vm.specHash())
                || vm.owner().replica() >= job.spec().replicas()) {
            return;
        }
        var key = Retry.ofReplica(job.jobId(), vm.owner().replica());
        var next = rules.backoff().after(rows.retry(key), key, vm.specHash(), healthyFor, now, end.reason());
        remember(RestartRule.apply(job.spec(), next, end), job);
    }

    /** Nothing of an ended VM is left on the host: its address may go to another. */
    public long released(String vmId) {
        var vm = rows.vm(vmId);
        if (vm == null || vm.released()) {
            return rows.seq();
        }
        if (!vm.phase().ended()) {
            throw conflict("vm_not_ended", "vm " + vmId + " cannot be released: it is " + vm.phase());
        }
        rows.tell(EventType.VM_RELEASED, vm, Map.of());
        if (vm.owner() == null || rows.job(vm.owner().jobId()) == null) {
            rows.remove(vm);
        } else {
            rows.put(vm.asReleased());
        }
        return rows.seq();
    }

    /** Forgets ended VMs that were kept long enough. */
    public long forgetOld(List<String> vmIds) {
        for (var vmId : vmIds) {
            var vm = rows.vm(vmId);
            if (vm != null
                    && vm.released()
                    && !vm.state().since().plus(rules.keepEnded()).isAfter(now)) {
                forget(vm);
            }
        }
        return rows.seq();
    }

    private void forget(MicroVm vm) {
        rows.remove(vm);
        rows.tell(EventType.VM_FORGOTTEN, vm, Map.of());
    }

    private void remember(Retry retry, DesiredVm job) {
        rows.put(retry);
        rows.tell(EventType.RETRY_CHANGED, job, JobFacts.of(retry));
    }

    private void forgetRetries(DesiredVm job, int fromReplica) {
        IntStream.range(fromReplica, job.spec().replicas())
                .forEach(replica -> rows.forgetRetry(Retry.ofReplica(job.jobId(), replica)));
    }

    /** The last job of a hash takes the pool's failures with it. */
    private void forgetPoolOf(DesiredVm job) {
        if (rows.anyJobOf(job.specHash()) == null) {
            rows.forgetRetry(Retry.ofPool(job.specHash()));
        }
    }

    private Owner ownerOf(DesiredVm job, int replica) {
        return new Owner(job.jobId(), job.tenant(), replica, job.generation());
    }

    private static RefusedException conflict(String code, String message) {
        return new Refusal(Refusal.Kind.CONFLICT, code, null, message).asException();
    }
}
