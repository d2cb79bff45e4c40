package dev.vmplane.sim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Specs;
import dev.vmplane.bus.Address.JobKey;
import dev.vmplane.bus.Address.Keys;
import dev.vmplane.bus.Address.Moved;
import dev.vmplane.bus.Address.PutJob;
import dev.vmplane.model.Backoff;
import dev.vmplane.model.Brake;
import dev.vmplane.model.Changes;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.EventType;
import dev.vmplane.model.GuestExit;
import dev.vmplane.model.JobView;
import dev.vmplane.model.Lifecycle;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Owner;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.RefusedException;
import dev.vmplane.model.Spec;
import dev.vmplane.model.VmState;
import dev.vmplane.model.VmmProcess;
import dev.vmplane.model.Volume;
import dev.vmplane.model.VolumeKey;
import dev.vmplane.pool.Pool;
import dev.vmplane.reconcile.Demand;
import dev.vmplane.reconcile.Key;
import dev.vmplane.reconcile.Knocks;
import dev.vmplane.reconcile.Plan;
import dev.vmplane.reconcile.Reconciler;
import dev.vmplane.store.Addresses;
import dev.vmplane.store.Draft;
import dev.vmplane.store.Ledger;
import dev.vmplane.store.Rules;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;

/**
 * A fleet in one plain loop: the real deciders on one clock, with people who change their minds, guests that boot, fail
 * and die as a seed says, and knocks that are answered late. After every commit the promises are checked.
 */
final class World {
    static final int SLOTS = 3;
    private static final Duration BOOT = Duration.ofSeconds(2);

    private final Random random;
    private final Rules rules = new Rules(
            "here",
            new Backoff(Duration.ofSeconds(10), Duration.ofSeconds(300), Duration.ofMinutes(10)),
            Duration.ofSeconds(10),
            Duration.ofSeconds(10),
            Duration.ofMinutes(10),
            1000);
    private final Ledger ledger = new Ledger(new Addresses("127.64.0.0/24"));
    private final Pool pool = new Pool(SLOTS);
    private final Map<String, Volume> volumes = new HashMap<>();
    private final Set<Key> knocked = new LinkedHashSet<>();
    private final Map<String, Owner> owners = new HashMap<>();
    private final Map<String, Demand> demands = new HashMap<>();
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private final Set<String> lookingAt = new HashSet<>();
    private int ids;
    private boolean calm;
    final Map<String, Integer> sometimes = new LinkedHashMap<>();

    World(long seed) {
        random = new Random(seed);
    }

    /** One thing happens. */
    void step() {
        switch (random.nextInt(10)) {
            case 0 -> somebodyWishes();
            case 1 -> {
                if (random.nextInt(4) == 0) {
                    somebodyDeletesAVolume();
                } else {
                    somebodyDeletes();
                }
            }
            case 2, 3, 4 -> pass(1 + random.nextInt(4));
            case 5, 6, 7, 8 -> aVmMoves();
            default -> now = now.plusMillis(random.nextInt(4000));
        }
    }

    /** Nothing fails any more and nobody wishes anything: everything that is due happens. */
    void comeToRest() {
        calm = true;
        for (var round = 0; round < 100; round++) {
            now = now.plusSeconds(60);
            everythingKnocks();
            pass(Integer.MAX_VALUE);
            for (var vm : List.copyOf(ledger.vms())) {
                advance(vm);
            }
        }
    }

    Plan fullPass() {
        everythingKnocks();
        return reconcile(take(Integer.MAX_VALUE));
    }

    Ledger ledger() {
        return ledger;
    }

    private void everythingKnocks() {
        ledger.jobIds().forEach(id -> knocked.add(new Key.Job(id)));
        ledger.orphanedJobIds().forEach(id -> knocked.add(new Key.Job(id)));
        ledger.specHashes().forEach(hash -> knocked.add(new Key.Pool(hash)));
    }

    private void somebodyWishes() {
        var id = "job-" + random.nextInt(6);
        var tenant = ledger.job(id) == null
                ? "t" + random.nextInt(2)
                : ledger.job(id).tenant();
        commit(draft -> {
            var known = ledger.job(id);
            var answer = draft.putJob(new PutJob(id, tenant, spec(), DesiredVm.Source.API));
            if (known != null && answer.changed()) {
                saw("a wish changed");
            }
            if (!answer.attached().isEmpty()) {
                saw("attached from warm while wishing");
            }
        });
    }

    private Spec spec() {
        var spec = specWithoutVolumes();
        return switch (random.nextInt(6)) {
            case 0 -> Specs.withVolumes(spec, "data");
            case 1 -> Specs.withVolumes(spec, "data", "logs");
            default -> spec;
        };
    }

    private Spec specWithoutVolumes() {
        var colour = List.of("red", "green", "blue").get(random.nextInt(3));
        if (random.nextInt(8) == 0) {
            return Specs.job(colour, random.nextInt(3));
        }
        var min = random.nextInt(3);
        return Specs.service(colour, min, min + random.nextInt(2), random.nextInt(3));
    }

    private void somebodyDeletes() {
        var id = "job-" + random.nextInt(6);
        if (ledger.job(id) != null) {
            commit(draft -> draft.deleteJob(new JobKey(id, null)));
        }
    }

    /** And the host removes the file of one that was to go. */
    private void somebodyDeletesAVolume() {
        var key = new VolumeKey("t" + random.nextInt(2), random.nextBoolean() ? "data" : "logs");
        var going = volumes.values().stream().filter(Volume::deleting).findFirst();
        if (going.isPresent()) {
            commit(draft -> draft.volumeRemoved(going.get()));
        } else {
            commit(draft -> draft.deleteVolume(key));
        }
    }

    private void pass(int keys) {
        var taken = take(keys);
        lookingAt.addAll(taken.specHashes());
        var plan = reconcile(taken);
        // A plan is carried out later than it was made: let the world move in between now and then.
        if (random.nextInt(3) == 0) {
            aVmMoves();
        }
        plan.waiting().stream()
                .filter(waiting -> waiting.reason().code() == ReasonCode.VOLUME_BUSY)
                .forEach(waiting -> saw("a job waits for a volume"));
        lookingAt.clear();
        var seenBefore = List.copyOf(ledger.vms());
        commit(draft -> draft.intend(plan.intents()));
        // A VM tells what it saw of itself before it heard of the commit.
        if (!calm && !seenBefore.isEmpty() && random.nextInt(3) == 0) {
            advance(seenBefore.get(random.nextInt(seenBefore.size())));
        }
        bootWhatMay();
    }

    private void bootWhatMay() {
        for (var vm : pool.grant()) {
            if (ledger.vm(vm.vmId()).state() instanceof VmState.Pending pending) {
                move(vm, pending.toStarting(now, now.plusSeconds(30)));
            }
        }
    }

    private Keys take(int most) {
        var jobs = new ArrayList<String>();
        var pools = new ArrayList<String>();
        var named = new ArrayList<VolumeKey>();
        var each = knocked.iterator();
        for (var n = 0; n < most && each.hasNext(); n++) {
            var key = each.next();
            each.remove();
            if (key instanceof Key.Job job) {
                jobs.add(job.jobId());
            } else if (key instanceof Key.Pool hash) {
                pools.add(hash.specHash());
            } else if (key instanceof Key.Volume volume) {
                named.add(volume.key());
            }
        }
        return new Keys(jobs, pools, named);
    }

    private Plan reconcile(Keys keys) {
        var running = (int) ledger.vms().stream().filter(MicroVm::serving).count();
        return Reconciler.reconcile(
                ledger.slices(keys),
                hash -> demands.getOrDefault(hash, Demand.none(now)).expected(now),
                running,
                new Brake(50, 5),
                now);
    }

    private void aVmMoves() {
        var vms = List.copyOf(ledger.vms());
        if (!vms.isEmpty()) {
            advance(vms.get(random.nextInt(vms.size())));
        }
    }

    private void advance(MicroVm vm) {
        var fails = !calm && random.nextInt(6) == 0;
        switch (vm.phase()) {
            case PENDING -> bootWhatMay();
            case STARTING ->
                moveOr(
                        vm,
                        fails,
                        ((VmState.Starting) vm.state()).toBooting(now, now.plus(BOOT), new VmmProcess(++ids, 1)));
            case BOOTING ->
                moveOr(
                        vm,
                        fails,
                        vm.owner() == null
                                ? ((VmState.Booting) vm.state()).toWarming(now, now.plus(BOOT))
                                : ((VmState.Booting) vm.state()).toRunning(now));
            case WARMING -> moveOr(vm, fails, ((VmState.Warming) vm.state()).toWarm(now));
            case WARM -> {
                if (fails) {
                    end(vm, GuestExit.UNKNOWN);
                }
            }
            case PAUSED -> throw new AssertionError("nobody pauses yet");
            case RUNNING -> live(vm, (VmState.Running) vm.state(), fails);
            case DRAINING ->
                move(
                        vm,
                        ((VmState.Draining) vm.state())
                                .toStopping(now, now.plusSeconds(10), vm.state().reason()));
            case STOPPING ->
                move(vm, ((VmState.Live) vm.state()).toStopped(now, vm.state().reason(), GuestExit.UNKNOWN));
            case STOPPED, FAILED -> {
                if (!vm.released()) {
                    commit(draft -> draft.released(vm.vmId()));
                } else {
                    commit(draft -> draft.forgetOld(List.of(vm.vmId())));
                }
            }
        }
    }

    private void live(MicroVm vm, VmState.Running running, boolean fails) {
        var job = ledger.job(vm.owner().jobId());
        if (job != null && job.spec().lifecycle() == Lifecycle.JOB && random.nextInt(3) == 0) {
            end(vm, new GuestExit(calm ? 0 : random.nextInt(2), null));
        } else if (vm.boot().health() != null && fails && random.nextBoolean()) {
            move(vm, running.withHealth(!running.healthy()));
        } else if (fails) {
            saw("a running VM died");
            end(vm, random.nextBoolean() ? GuestExit.UNKNOWN : new GuestExit(random.nextInt(2), null));
        } else if (!running.healthy()) {
            move(vm, running.withHealth(true));
        }
    }

    private void moveOr(MicroVm vm, boolean fails, VmState to) {
        if (fails) {
            end(vm, GuestExit.UNKNOWN);
        } else {
            move(vm, to);
        }
    }

    private void end(MicroVm vm, GuestExit exit) {
        var live = (VmState.Live) vm.state();
        var reason =
                new Reason(exit.status() == null ? ReasonCode.VMM_DIED : ReasonCode.GUEST_EXITED, "as the seed says");
        move(vm, exit.success() ? live.toStopped(now, reason, exit) : live.toFailed(now, reason, exit));
    }

    private void move(MicroVm vm, VmState to) {
        commit(draft -> draft.moved(new Moved(vm.vmId(), vm.phase(), to)));
    }

    private void commit(Consumer<Draft> operation) {
        var draft = new Draft(ledger, rules, now, () -> "vm-" + ++ids);
        try {
            operation.accept(draft);
        } catch (RefusedException refused) {
            saw("refused: " + refused.refusal().code());
            return;
        }
        var changes = draft.changes();
        checkCommit(changes);
        ledger.apply(changes);
        changes.volumesGone().forEach(volume -> volumes.remove(volume.id()));
        changes.volumes().forEach(volume -> volumes.put(volume.id(), volume));
        changes.vms().forEach(pool::saw);
        changes.vmsGone().forEach(vm -> pool.forgot(vm.vmId()));
        learn(changes);
        knocked.addAll(Knocks.of(changes));
        checkFleet();
    }

    private void learn(Changes changes) {
        for (var event : changes.events()) {
            if (event.type() == EventType.POOL_MISS) {
                saw("pool empty at attach");
                demands.merge(
                        (String) event.data().get("spec_hash"),
                        Demand.none(now).claimed(now),
                        (old, one) -> old.claimed(now));
            } else if (event.type() == EventType.VM_PHASE
                    && "replaced".equals(event.data().get("reason"))) {
                saw("replaced");
            }
        }
    }

    private void checkCommit(Changes changes) {
        var expected = ledger.seq();
        for (var event : changes.events()) {
            assertThat(event.seq()).as("events are numbered without a gap").isEqualTo(++expected);
        }
        for (var vm : changes.vms()) {
            var before = ledger.vm(vm.vmId());
            if (before == null) {
                assertThat(ledger.vms().stream()
                                .filter(other -> !other.released())
                                .map(MicroVm::address))
                        .as("an address belongs to one VM")
                        .doesNotContain(vm.address());
            } else if (before.owner() == null && vm.owner() != null) {
                checkAttach(before, vm);
            } else {
                assertThat(vm.owner()).as("an owner is for life").isEqualTo(before.owner());
            }
        }
    }

    private void checkAttach(MicroVm before, MicroVm after) {
        saw("attached");
        assertThat(owners.put(after.vmId(), after.owner()))
                .as("attached at most once")
                .isNull();
        assertThat(before.claimable()).as("only a warm VM is attached").isTrue();
    }

    private void checkFleet() {
        var routed = new HashSet<String>();
        for (var vm : ledger.vms()) {
            if (vm.serving()) {
                assertThat(routed.add(vm.owner().jobId() + "/" + vm.owner().replica()))
                        .as("at most one routed VM per replica of " + vm.owner())
                        .isTrue();
            }
        }
        checkVolumes();
        for (var hash : ledger.specHashes()) {
            var max = ledger.bounds(hash).max();
            var here = ledger.unowned(hash).size();
            // A pool whose bounds were lowered may hold more until it was looked at.
            if (here > max && !lookingAt.contains(hash)) {
                assertThat(knocked).contains(new Key.Pool(hash));
                saw("pool larger than its max until looked at");
            }
        }
    }

    /** By a plain look at all rows: a volume is with one VM, which is whole, and what a job names is there for it. */
    private void checkVolumes() {
        var held = new HashSet<String>();
        for (var vm : ledger.vms()) {
            if (!vm.released() && !vm.boot().volumes().isEmpty()) {
                assertThat(vm.volumeIds())
                        .as("the volumes of " + vm)
                        .hasSameSizeAs(vm.boot().volumes())
                        .allMatch(held::add, "with one VM at a time")
                        .allMatch(volumes::containsKey, "have rows")
                        .noneMatch(id -> volumes.get(id).deleting());
            }
        }
        for (var id : ledger.jobIds()) {
            var job = ledger.job(id);
            for (var mount : job.spec().boot().volumes()) {
                assertThat(volumes.values().stream()
                                .filter(volume -> volume.key().equals(new VolumeKey(job.tenant(), mount.name()))))
                        .as("volume " + mount + " of " + id)
                        .hasSize(1)
                        .noneMatch(Volume::deleting);
            }
        }
    }

    /** What a fleet at rest looks like. */
    void checkRest() {
        for (var id : ledger.jobIds()) {
            checkJob(ledger.viewOf(id));
        }
        for (var hash : ledger.specHashes()) {
            var slice = ledger.pool(hash);
            assertThat((int) slice.unowned().stream().filter(MicroVm::claimable).count())
                    .as("warm VMs of " + slice)
                    .isBetween(slice.bounds().min(), slice.bounds().max());
        }
        for (var vm : ledger.vms()) {
            assertThat(vm.released() || !vm.phase().leaving())
                    .as(vm + " is either in use or gone")
                    .isTrue();
        }
    }

    private void checkJob(JobView view) {
        var job = view.job();
        for (var replica = 0; replica < job.spec().replicas(); replica++) {
            var index = replica;
            var serving = view.instances().stream()
                    .filter(vm -> vm.serving() && vm.owner().replica() == index)
                    .toList();
            var settled = view.retries().stream()
                    .anyMatch(retry -> retry.key().endsWith("/" + index) && retry.nextTry() == null);
            var waitsForAnother =
                    view.volumes().stream().anyMatch(use -> !use.jobId().equals(job.jobId()));
            if (settled) {
                saw("a job came to its end");
            } else if (waitsForAnother) {
                saw("a job waits for another at rest");
                assertThat(serving).noneMatch(vm -> vm.specHash().equals(job.specHash()));
            } else {
                assertThat(serving).as("replica " + index + " of " + view).hasSize(1);
                assertThat(serving.get(0).specHash()).as("hash of " + view).isEqualTo(job.specHash());
            }
        }
    }

    private void saw(String what) {
        sometimes.merge(what, 1, Integer::sum);
    }
}
