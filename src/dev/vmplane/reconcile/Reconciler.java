package dev.vmplane.reconcile;

import dev.vmplane.bus.Address.Slices;
import dev.vmplane.model.Brake;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.Intents;
import dev.vmplane.model.JobView;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Phase;
import dev.vmplane.model.PoolSlice;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Retry;
import dev.vmplane.model.WarmPool;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;

/**
 * Compares what is wanted with what is there and says what to do about it. It sees the part of the world that belongs to
 * the keys of one pass and nothing else, so its cost follows what changed. Looking twice finds nothing the second time.
 */
public final class Reconciler {
    /** How soon to look again at a pool that is larger than its min only because of a demand that fades. */
    private static final Duration FADING = Duration.ofSeconds(10);

    /** Which of several VMs of one replica stays: one that serves, then the furthest, then the oldest. */
    private static final Comparator<MicroVm> BEST_FIRST = Comparator.comparing(MicroVm::serving)
            .thenComparing(vm -> vm.phase() == Phase.RUNNING)
            .thenComparing(MicroVm::attaching)
            .reversed()
            .thenComparing(MicroVm::createdAt)
            .thenComparing(MicroVm::vmId);

    private final Instant now;
    private final List<Intents.Place> place = new ArrayList<>();
    private final List<Intents.Warm> warm = new ArrayList<>();
    private final List<Intents.Retire> retire = new ArrayList<>();
    private final List<String> pause = new ArrayList<>();
    private final List<Intents.Expire> expire = new ArrayList<>();
    private final List<Intents.Retire> orphans = new ArrayList<>();
    private final List<Plan.Waiting> waiting = new ArrayList<>();
    private final List<Plan.Wake> wake = new ArrayList<>();

    private Reconciler(Instant now) {
        this.now = now;
    }

    /**
     * Decides about some keys.
     *
     * @param demand the warm VMs of a spec hash that its recent use asks for
     * @param running how many VMs run in the whole fleet, what the brake measures a removal against
     */
    public static Plan reconcile(Slices slices, ToIntFunction<String> demand, int running, Brake brake, Instant now) {
        var pass = new Reconciler(now);
        slices.jobs().forEach(pass::job);
        slices.pools().forEach(pool -> pass.pool(pool, demand.applyAsInt(pool.specHash())));
        var held = brake.holds(pass.orphans.size(), running) ? pass.orphans : List.<Intents.Retire>of();
        if (held.isEmpty()) {
            pass.retire.addAll(pass.orphans);
        }
        return new Plan(
                new Intents(pass.place, pass.warm, pass.retire, pass.pause, pass.expire),
                pass.waiting,
                pass.wake,
                held);
    }

    private void job(JobView view) {
        if (view.job() == null) {
            present(view)
                    .forEach(vm ->
                            orphans.add(new Intents.Retire(vm.vmId(), because(ReasonCode.DELETED, "its job is gone"))));
            return;
        }
        var replicas = view.job().replicas();
        for (var replica = 0; replica < replicas; replica++) {
            replica(view, replica);
        }
        present(view).filter(vm -> vm.owner().replica() >= replicas).forEach(vm -> unwanted(view.job(), vm));
        view.expiresAt().ifPresent(end -> expire(view, end));
    }

    /** A job that has ended is remembered for as long as it asked for. */
    private void expire(JobView view, Instant end) {
        var job = view.job();
        if (end.isAfter(now)) {
            wake.add(new Plan.Wake(new Key.Job(job.jobId()), end));
        } else {
            expire.add(new Intents.Expire(job.jobId(), job.generation()));
        }
    }

    /** A replica's old VM stays until the new one serves: the store lets it go in the transaction that switches. */
    private void replica(JobView view, int replica) {
        var job = view.job();
        var fitting = present(view)
                .filter(vm -> vm.owner().replica() == replica)
                .filter(job::fits)
                .sorted(BEST_FIRST)
                .toList();
        fitting.stream().skip(1).forEach(vm -> retire(vm, ReasonCode.REPLACED, "one VM is enough for this replica"));
        present(view)
                .filter(vm -> vm.owner().replica() == replica && vm.phase() == Phase.PENDING)
                .filter(vm -> !job.fits(vm))
                .forEach(vm -> retire(vm, ReasonCode.REPLACED, outdated(job, vm) + " before this VM booted"));
        if (fitting.isEmpty()) {
            fill(view, replica, retryOf(view, replica));
        }
    }

    private static String outdated(DesiredVm job, MicroVm vm) {
        return vm.specHash().equals(job.specHash()) ? "the job was restarted" : "the job got another spec";
    }

    private void unwanted(DesiredVm job, MicroVm vm) {
        if (job.run()) {
            retire(vm, ReasonCode.SCALED_DOWN, "the job wants " + job.replicas() + " replicas");
        } else {
            retire(vm, ReasonCode.JOB_STOPPED, "the job was stopped");
        }
    }

    private void fill(JobView view, int replica, Retry retry) {
        var job = view.job();
        if (retry == null || !retry.specHash().equals(job.specHash())) {
            place(view, replica);
        } else if (retry.nextTry() == null) {
            waiting.add(new Plan.Waiting(job.jobId(), replica, retry.reason()));
        } else if (retry.nextTry().isAfter(now)) {
            waiting.add(new Plan.Waiting(
                    job.jobId(), replica, because(ReasonCode.BACKOFF, "next try at " + retry.nextTry())));
            wake.add(new Plan.Wake(new Key.Job(job.jobId()), retry.nextTry()));
        } else {
            place(view, replica);
        }
    }

    /**
     * Nothing is made before the image is there. A volume is with one VM at a time, so a job that needs what its own former VM has lets that one go first. It keeps
     * it while another job has a part of what is needed: a VM that serves is worth more than half of the next one.
     */
    private void place(JobView view, int replica) {
        var job = view.job();
        var awaited = view.imageAwaited();
        if (awaited.isPresent()) {
            waiting.add(new Plan.Waiting(job.jobId(), replica, awaited.get()));
            return;
        }
        var busy = view.volumeBusy();
        if (busy.isEmpty()) {
            place.add(new Intents.Place(job.jobId(), replica, job.generation()));
            return;
        }
        waiting.add(new Plan.Waiting(job.jobId(), replica, busy.get()));
        if (view.volumes().stream().allMatch(use -> use.jobId().equals(job.jobId()))) {
            present(view)
                    .filter(vm ->
                            view.volumes().stream().anyMatch(use -> use.vmId().equals(vm.vmId())))
                    .forEach(vm -> retire(vm, ReasonCode.REPLACED, "the next VM of the job needs its volumes"));
        }
    }

    private void pool(PoolSlice pool, int demand) {
        var bounds = pool.bounds();
        var wanted = Math.max(bounds.min(), Math.min(bounds.max(), demand));
        var here = pool.unowned().size();
        var left = pool.unowned();
        if (here < wanted) {
            refill(pool, wanted - here);
        } else if (here > wanted) {
            left = giveUp(pool, here - wanted);
        } else {
            exchange(pool);
        }
        if (bounds.mode() == WarmPool.Mode.PAUSED) {
            left.stream().filter(vm -> vm.phase() == Phase.WARM).forEach(vm -> pause.add(vm.vmId()));
        }
        if (wanted > bounds.min()) {
            wake.add(new Plan.Wake(new Key.Pool(pool.specHash()), now.plus(FADING)));
        }
    }

    private void refill(PoolSlice pool, int missing) {
        var retry = pool.retry();
        if (pool.imageAwaited().isPresent()) {
            return;
        }
        if (retry != null && retry.nextTry().isAfter(now)) {
            wake.add(new Plan.Wake(new Key.Pool(pool.specHash()), retry.nextTry()));
        } else if (retry == null) {
            warm.add(new Intents.Warm(pool.specHash(), missing));
        } else if (pool.unowned().stream().noneMatch(vm -> vm.phase().rising())) {
            // After a failure one VM finds out whether it is mended, not a whole pool of them.
            warm.add(new Intents.Warm(pool.specHash(), 1));
        }
    }

    /**
     * Those that have cost least go first: rows that wait to boot, then the least far, then the youngest. Of a pool that is
     * to run, one that is paused is less than one that runs.
     *
     * @return the VMs that stay
     */
    private List<MicroVm> giveUp(PoolSlice pool, int surplus) {
        var why = pool.jobs() == 0 ? "no job wants this spec any more" : "the pool is larger than it should be";
        var cheapestFirst = pool.unowned().stream()
                .sorted(Comparator.comparing((MicroVm vm) -> pausedInVain(pool, vm) ? Phase.WARMING : vm.phase())
                        .thenComparing(Comparator.comparing(MicroVm::createdAt).reversed())
                        .thenComparing(MicroVm::vmId))
                .toList();
        cheapestFirst.stream().limit(surplus).forEach(vm -> retire(vm, ReasonCode.POOL_SURPLUS, why));
        return cheapestFirst.subList(surplus, cheapestFirst.size());
    }

    /**
     * A pool that is to run again gets rid of what is paused one by one, each when all its VMs are there: one that is paused is
     * still better than none.
     */
    private void exchange(PoolSlice pool) {
        if (pool.imageAwaited().isEmpty()
                && pool.unowned().stream().noneMatch(vm -> vm.phase().rising())) {
            pool.unowned().stream()
                    .filter(vm -> pausedInVain(pool, vm))
                    .findFirst()
                    .ifPresent(vm -> retire(vm, ReasonCode.POOL_SURPLUS, "the pool is to run and this VM is paused"));
        }
    }

    private static boolean pausedInVain(PoolSlice pool, MicroVm vm) {
        return vm.phase() == Phase.PAUSED && pool.bounds().mode() == WarmPool.Mode.RUNNING;
    }

    private void retire(MicroVm vm, ReasonCode code, String detail) {
        retire.add(new Intents.Retire(vm.vmId(), because(code, detail)));
    }

    private static Retry retryOf(JobView view, int replica) {
        var key = Retry.ofReplica(view.job().jobId(), replica);
        return view.retries().stream()
                .filter(retry -> retry.key().equals(key))
                .findFirst()
                .orElse(null);
    }

    private static Stream<MicroVm> present(JobView view) {
        return view.instances().stream().filter(vm -> !vm.phase().leaving());
    }

    private static Reason because(ReasonCode code, String detail) {
        return new Reason(code, detail);
    }
}
