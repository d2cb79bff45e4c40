package dev.vmplane.store;

import dev.vmplane.bus.Address.Moved;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.EventType;
import dev.vmplane.model.Lifecycle;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.Retry;
import dev.vmplane.model.VmState;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** The rules about the life of a microVM that has a row: how it moves on, and what its end means for the next one. */
final class Lives {
    /** Failed VMs of one spec hash that nobody owned. */
    static final int KEPT_OF_A_POOL = 10;

    private final Overlay rows;
    private final Volumes volumes;
    private final Rules rules;
    private final Instant now;

    Lives(Overlay rows, Volumes volumes, Rules rules, Instant now) {
        this.rows = rows;
        this.volumes = volumes;
        this.rules = rules;
        this.now = now;
    }

    /**
     * The one routed VM of a replica is now {@code vm}: whoever was before gets no new requests from here on. A VM of a
     * former spec never takes the place of one of the present spec: it serves until that one runs, or goes itself.
     */
    void switchTo(MicroVm vm) {
        if (vm.phase() != Phase.RUNNING) {
            return;
        }
        var others = rows.vmsOf(vm.owner().jobId()).stream()
                .filter(other -> other.owner().replica() == vm.owner().replica())
                .filter(other -> !other.vmId().equals(vm.vmId()))
                .toList();
        var successor = others.stream()
                .filter(other -> !present(vm) && present(other) && other.phase() == Phase.RUNNING)
                .findFirst();
        if (successor.isPresent()) {
            retire(vm, replacedBy(successor.get()));
            return;
        }
        others.stream().filter(other -> present(vm) || !present(other)).forEach(other -> retire(other, replacedBy(vm)));
    }

    /** Whether the VM is what its job wants now. */
    private boolean present(MicroVm vm) {
        var job = rows.job(vm.owner().jobId());
        return job != null && job.fits(vm);
    }

    private static Reason replacedBy(MicroVm vm) {
        return new Reason(ReasonCode.REPLACED, "replaced by " + vm.vmId());
    }

    /** Lets a VM go: one that serves may finish what it has begun. */
    void retire(MicroVm vm, Reason reason) {
        if (vm.phase().leaving()) {
            return;
        }
        if (vm.address() == null) {
            // A row without an address was never given to anybody who would have to tell its end.
            forget(vm);
            return;
        }
        if (vm.state() instanceof VmState.Running running) {
            enter(vm, running.toDraining(now, now.plus(rules.drainLimit()), reason));
        } else {
            enter(vm, ((VmState.Live) vm.state()).toStopping(now, now.plus(rules.stopLimit()), reason));
        }
    }

    /** A fact from the VM itself. The end of a VM is always believed, any other move only from where it stands here. */
    MicroVm moved(Moved moved) {
        var vm = rows.vm(moved.vmId());
        if (vm == null || vm.phase().ended()) {
            throw Refusal.notFound("vm_not_found", "vm " + moved.vmId() + " is not there any more")
                    .asException();
        }
        var to = moved.to();
        var warms = to.phase() == Phase.WARMING || to.phase() == Phase.WARM || to.phase() == Phase.PAUSED;
        var misplaced = (to.phase() == Phase.RUNNING && vm.owner() == null) || (warms && vm.owner() != null);
        if (!to.phase().ended() && (vm.phase() != moved.from() || misplaced)) {
            throw Draft.conflict(
                    "vm_moved", "vm " + vm.vmId() + " cannot become " + to.phase() + ": it is " + vm.phase());
        }
        var after = enter(vm, to);
        if (to.phase() == Phase.RUNNING && vm.phase() != Phase.RUNNING) {
            switchTo(after);
            return rows.vm(after.vmId());
        } else if (to.phase() == Phase.WARM) {
            rows.forgetRetry(Retry.ofPool(vm.specHash()));
        } else if (to.phase() == Phase.RUNNING
                && healthyFor(vm).compareTo(rules.backoff().resetAfter()) >= 0) {
            rows.forgetRetry(Retry.ofReplica(vm.owner().jobId(), vm.owner().replica()));
        } else if (to.phase().ended() && !vm.phase().leaving()) {
            settle(vm, to);
        }
        return after;
    }

    /** Moves a VM on and tells so. */
    MicroVm enter(MicroVm vm, VmState to) {
        var after = vm.with(to);
        rows.put(after);
        var event = told(vm, to);
        var late = event == EventType.VM_ATTACHED;
        rows.tell(event, after, late ? VmFacts.attachedLate(vm, after) : VmFacts.moved(vm, after));
        return after;
    }

    private static EventType told(MicroVm vm, VmState to) {
        if (vm.attaching() && to.phase() == Phase.RUNNING) {
            return EventType.VM_ATTACHED;
        }
        if (vm.phase() != to.phase()) {
            return EventType.VM_PHASE;
        }
        return to.phase() == Phase.PENDING ? EventType.VM_WAITING : EventType.VM_HEALTH;
    }

    /** A row that waited for an address has one. */
    void addressed(MicroVm vm, String address) {
        var pending = (VmState.Pending) vm.state();
        enter(vm.at(address), pending.waitingFor(null));
    }

    /**
     * How long the VM has been in good health for whom it is there until now. Of a program that is to come to its end, no
     * length of time is a sign of health.
     */
    private Duration healthyFor(MicroVm vm) {
        return switch (vm.phase()) {
            case RUNNING ->
                vm.serving() && !comesToAnEnd(vm) ? Duration.between(vm.state().since(), now) : Duration.ZERO;
            case WARM, PAUSED ->
                vm.attaching() ? Duration.ZERO : Duration.between(vm.state().since(), now);
            case PENDING, STARTING, BOOTING, WARMING, DRAINING, STOPPING, STOPPED, FAILED -> Duration.ZERO;
        };
    }

    private boolean comesToAnEnd(MicroVm vm) {
        var job = rows.job(vm.owner().jobId());
        return job != null && job.spec().lifecycle() == Lifecycle.JOB;
    }

    /** Remembers an end nobody asked for: when, or whether, there will be another attempt. */
    private void settle(MicroVm vm, VmState end) {
        var healthyFor = healthyFor(vm);
        if (vm.owner() == null) {
            if (rows.anyJobOf(vm.specHash()) == null) {
                return;
            }
            var key = Retry.ofPool(vm.specHash());
            rows.put(rules.backoff().after(rows.retry(key), key, vm.specHash(), healthyFor, now, end.reason()));
            return;
        }
        var job = rows.job(vm.owner().jobId());
        if (job == null || !job.fits(vm) || vm.owner().replica() >= job.replicas()) {
            return;
        }
        var key = Retry.ofReplica(job.jobId(), vm.owner().replica());
        var next = rules.backoff().after(rows.retry(key), key, vm.specHash(), healthyFor, now, end.reason());
        remember(RestartRule.apply(job.spec(), next, end), job);
    }

    /** Nothing of an ended VM is left on the host: its address may go to another. */
    void released(String vmId) {
        var vm = rows.vm(vmId);
        if (vm == null || vm.released()) {
            return;
        }
        if (!vm.phase().ended()) {
            throw Draft.conflict("vm_not_ended", "vm " + vmId + " cannot be released: it is " + vm.phase());
        }
        rows.tell(EventType.VM_RELEASED, vm, Map.of());
        volumes.detached(vm);
        var readLater = vm.owner() == null
                ? vm.phase() == Phase.FAILED
                : rows.job(vm.owner().jobId()) != null;
        if (!readLater) {
            rows.remove(vm);
            return;
        }
        rows.put(vm.asReleased());
        if (vm.owner() == null) {
            forgetOldest(rows.remains(vm.specHash()));
        }
    }

    /** A pool that never gets warm leaves the last of its failures to be read, not all of them. */
    private void forgetOldest(List<MicroVm> remains) {
        remains.stream().limit(Math.max(0, remains.size() - KEPT_OF_A_POOL)).forEach(this::forget);
    }

    /** Forgets ended VMs that were kept long enough. */
    void forgetOld(List<String> vmIds) {
        for (var vmId : vmIds) {
            var vm = rows.vm(vmId);
            if (vm != null
                    && vm.released()
                    && !vm.state().since().plus(rules.keepEnded()).isAfter(now)
                    && !tellsTheEnd(vm)) {
                forget(vm);
            }
        }
    }

    /** Whether it is the last life of a replica that has come to its end: how that was is told as long as the job is. */
    private boolean tellsTheEnd(MicroVm vm) {
        var job = vm.owner() == null ? null : rows.job(vm.owner().jobId());
        if (job == null || !job.fits(vm)) {
            return false;
        }
        var verdict = rows.retry(Retry.ofReplica(job.jobId(), vm.owner().replica()));
        return verdict != null
                && verdict.nextTry() == null
                && rows.vmsOf(job.jobId()).stream()
                        .filter(other -> other.owner().replica() == vm.owner().replica())
                        .filter(job::fits)
                        .max(Ledger.BY_AGE)
                        .filter(last -> last.vmId().equals(vm.vmId()))
                        .isPresent();
    }

    void forget(MicroVm vm) {
        rows.remove(vm);
        rows.tell(EventType.VM_FORGOTTEN, vm, Map.of());
    }

    void remember(Retry retry, DesiredVm job) {
        rows.put(retry);
        rows.tell(EventType.RETRY_CHANGED, job, JobFacts.of(retry));
    }
}
