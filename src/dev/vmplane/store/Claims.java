package dev.vmplane.store;

import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.EventType;
import dev.vmplane.model.Lifecycle;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Owner;
import dev.vmplane.model.Phase;
import dev.vmplane.model.VmState;
import java.time.Instant;
import java.util.Comparator;
import java.util.Optional;

/**
 * The rules about who gets which VM of a warm pool. A VM that needs nothing more runs for its owner from this very
 * transaction on. One that is paused, or that must be told of its owner first, keeps its phase: it has an owner, so nobody
 * else gets it, and is not routed before its verticle has made it run. A VM is claimed once in its life.
 */
final class Claims {
    private final Overlay rows;
    private final Lives lives;
    private final Instant now;

    Claims(Overlay rows, Lives lives, Instant now) {
        this.rows = rows;
        this.lives = lives;
        this.now = now;
    }

    static Owner ownerOf(DesiredVm job, int replica) {
        return new Owner(job.jobId(), job.tenant(), replica, job.generation());
    }

    /** Gives a replica the warm VM that is up soonest, the oldest of several, if the job may have one. */
    Optional<MicroVm> claim(DesiredVm job, int replica) {
        if (job.spec().lifecycle() == Lifecycle.JOB || rows.filled(job, replica)) {
            return Optional.empty();
        }
        return rows.unowned(job.specHash())
                .filter(MicroVm::claimable)
                .min(Comparator.comparing(vm -> vm.phase() == Phase.PAUSED))
                .map(warm -> needsMore(warm, job)
                        ? promise(warm, ownerOf(job, replica))
                        : attach(warm, ownerOf(job, replica)));
    }

    /** Gives the owner the furthest of the VMs that boot for the pool: it is up sooner than a new one. */
    boolean claimEarly(DesiredVm job, Owner owner) {
        if (job.spec().lifecycle() == Lifecycle.JOB) {
            return false;
        }
        var almost = rows.unowned(job.specHash())
                .filter(vm -> vm.phase() == Phase.BOOTING || vm.phase() == Phase.WARMING)
                .max(Comparator.comparing(MicroVm::phase)
                        .thenComparing(Comparator.comparing(MicroVm::createdAt).reversed()));
        almost.ifPresent(vm -> {
            var state = vm.state() instanceof VmState.Warming warming ? warming.toBooting() : vm.state();
            var claimed = vm.with(owner, state);
            rows.put(claimed);
            rows.tell(EventType.VM_CLAIMED, claimed, VmFacts.claimed(vm, claimed));
        });
        return almost.isPresent();
    }

    /** Whether a warm VM has something to do or to hear before it can serve the job. */
    private static boolean needsMore(MicroVm warm, DesiredVm job) {
        return warm.phase() == Phase.PAUSED
                || warm.boot().hooks().attach() != null
                || !job.spec().attachEnv().isEmpty();
    }

    private MicroVm promise(MicroVm warm, Owner owner) {
        var state = warm.state() instanceof VmState.Warm idle
                ? idle.promised(now)
                : ((VmState.Paused) warm.state()).promised(now);
        var vm = warm.with(owner, state);
        rows.put(vm);
        rows.tell(EventType.VM_CLAIMED, vm, VmFacts.promised(warm, vm, now));
        return vm;
    }

    private MicroVm attach(MicroVm warm, Owner owner) {
        var vm = warm.with(owner, ((VmState.Warm) warm.state()).toRunning(now));
        rows.put(vm);
        rows.tell(EventType.VM_ATTACHED, vm, VmFacts.attached(warm, vm, now));
        lives.switchTo(vm);
        return vm;
    }
}
