package dev.vmplane.sim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Pictures;
import dev.vmplane.Specs;
import dev.vmplane.bus.Address.DeleteJob;
import dev.vmplane.bus.Address.Keys;
import dev.vmplane.bus.Address.Moved;
import dev.vmplane.bus.Address.PutJob;
import dev.vmplane.bus.Address.SteerJob;
import dev.vmplane.model.Backoff;
import dev.vmplane.model.Brake;
import dev.vmplane.model.Changes;
import dev.vmplane.model.Completion;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.EventType;
import dev.vmplane.model.Guard;
import dev.vmplane.model.GuestExit;
import dev.vmplane.model.Image;
import dev.vmplane.model.Intents;
import dev.vmplane.model.JobView;
import dev.vmplane.model.Lifecycle;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Overhead;
import dev.vmplane.model.Owner;
import dev.vmplane.model.Phase;
import dev.vmplane.model.PoolSlice;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.RefusedException;
import dev.vmplane.model.Resources;
import dev.vmplane.model.Spec;
import dev.vmplane.model.VmState;
import dev.vmplane.model.VmmProcess;
import dev.vmplane.model.Volume;
import dev.vmplane.model.VolumeKey;
import dev.vmplane.model.WarmPool;
import dev.vmplane.pool.Pool;
import dev.vmplane.pool.Room;
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
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;

/**
 * A fleet in one plain loop: the real deciders on one clock, with people who change their minds, guests that boot, fail
 * and die as a seed says, and knocks that are answered late. After every commit the promises are checked.
 */
final class World {
    static final int SLOTS = 3;
    private static final Duration TIME_TO_LIVE = Duration.ofMinutes(5);
    private static final Duration BOOT = Duration.ofSeconds(2);

    private final Random random;
    private final Rules rules = new Rules(
            "here",
            new Backoff(Duration.ofSeconds(10), Duration.ofSeconds(300), Duration.ofMinutes(10)),
            Duration.ofSeconds(10),
            Duration.ofSeconds(10),
            Duration.ofMinutes(10),
            1000);
    private final Ledger ledger;
    private final Pool pool;
    /** VMs that have had room: all that have begun to boot. */
    private final Set<String> admitted = new HashSet<>();

    private final Map<String, Volume> volumes = new HashMap<>();
    private final Map<String, Image> pictures = new HashMap<>();
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
        // Every other host is too small for what people wish, and every third has few addresses.
        var room = seed % 2 == 0 ? Room.UNLIMITED : new Room(4 + random.nextInt(12), 256L * (1 + random.nextInt(10)));
        pool = new Pool(SLOTS, room, new Overhead(16, 0));
        ledger = new Ledger(new Addresses(seed % 3 == 0 ? "127.64.0.0/29" : "127.64.0.0/24"));
    }

    /** One thing happens. */
    void step() {
        switch (random.nextInt(11)) {
            case 0 -> {
                if (random.nextInt(3) == 0) {
                    somebodySteers();
                } else {
                    somebodyWishes();
                }
            }
            case 1 -> {
                if (random.nextInt(4) == 0) {
                    somebodyDeletesAVolume();
                } else {
                    somebodyDeletes();
                }
            }
            case 2, 3, 4 -> pass(1 + random.nextInt(4));
            case 5, 6, 7, 8 -> aVmMoves();
            case 9 -> somethingHappensToAnImage();
            default -> now = now.plusMillis(random.nextInt(4000));
        }
    }

    /** Nothing fails any more and nobody wishes anything: everything that is due happens. */
    void comeToRest() {
        calm = true;
        for (var round = 0; round < 100; round++) {
            now = now.plusSeconds(60);
            List.copyOf(pictures.values()).forEach(image -> commit(draft -> fetched(draft, image)));
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
        var plain = specWithoutVolumes();
        var spec = switch (random.nextInt(6)) {
            case 0 -> Specs.withVolumes(plain, "data");
            case 1 -> Specs.withVolumes(plain, "data", "logs");
            default -> plain;
        };
        if (random.nextInt(3) == 0) {
            spec = Specs.withImage(spec, Pictures.pinned(aDigest()));
        }
        if (random.nextInt(3) == 0) {
            spec = Specs.withAttachEnv(spec, Map.of("FOR", "job"));
        }
        return random.nextInt(3) == 0 ? Specs.pausing(spec) : spec;
    }

    private String aDigest() {
        return Pictures.digest(random.nextBoolean() ? 'a' : 'b');
    }

    /** It is asked for, gets on, fails, loses its file, or is to go. */
    private void somethingHappensToAnImage() {
        var digest = aDigest();
        var further = new Image.Progress(random.nextInt(4096), 4096, random.nextInt(2), 2);
        switch (random.nextInt(8)) {
            case 0, 1, 2 ->
                commit(draft -> draft.images().put(Pictures.put(digest, "localhost/app:" + random.nextInt(3))));
            case 3 -> commit(draft -> draft.images().moved(Pictures.pulling(digest, further)));
            case 4, 5 -> commit(draft -> draft.images().moved(Pictures.ready(digest)));
            case 6 -> commit(draft -> draft.images().moved(Pictures.failed(digest, "as the seed says")));
            default -> {
                var going = pictures.get(digest);
                if (going != null && going.state() == Image.State.DELETING) {
                    commit(draft -> draft.images().removed(digest));
                } else {
                    commit(draft -> draft.images().delete(digest));
                }
            }
        }
    }

    private static void fetched(Draft draft, Image image) {
        switch (image.state()) {
            case PULLING, FAILED -> draft.images().moved(Pictures.ready(image.digest()));
            case DELETING -> draft.images().removed(image.digest());
            case READY -> {}
        }
    }

    private Spec specWithoutVolumes() {
        var colour = List.of("red", "green", "blue").get(random.nextInt(3));
        var resources = colour.equals("blue") ? Resources.of(3, 512) : Resources.of(1, 128);
        if (random.nextInt(8) == 0) {
            var job = Specs.sized(Specs.job(colour, random.nextInt(3)), resources);
            return random.nextBoolean() ? job : Specs.completing(job, new Completion(null, TIME_TO_LIVE));
        }
        var min = random.nextInt(3);
        return Specs.sized(Specs.service(colour, min, min + random.nextInt(2), random.nextInt(3)), resources);
    }

    private void somebodySteers() {
        var id = "job-" + random.nextInt(6);
        if (ledger.job(id) == null) {
            return;
        }
        var ways = SteerJob.Way.values();
        var way = ways[random.nextInt(ways.length)];
        var before = ledger.job(id);
        commit(draft -> {
            var answer = draft.steerJob(new SteerJob(id, null, way, Guard.NONE));
            if (answer.changed()) {
                saw("steered: " + way);
            }
            if (!answer.attached().isEmpty()) {
                saw("attached from warm while steering");
            }
        });
        assertThat(ledger.job(id).run()).isEqualTo(way != SteerJob.Way.STOP);
        assertThat(ledger.job(id).spec()).isEqualTo(before.spec());
    }

    private void somebodyDeletes() {
        var id = "job-" + random.nextInt(6);
        if (ledger.job(id) != null) {
            commit(draft -> draft.deleteJob(new DeleteJob(id, null)));
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
        if (!calm && random.nextInt(3) == 0) {
            somethingHappensToAnImage();
        }
        plan.waiting().forEach(waiting -> saw("a job waits: " + waiting.reason().code()));
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
        var decision = pool.decide();
        for (var vm : decision.boot()) {
            admitted.add(vm.vmId());
            checkBefore(vm);
            if (ledger.vm(vm.vmId()).state() instanceof VmState.Pending pending) {
                move(vm, pending.toStarting(now, now.plusSeconds(30)));
            }
        }
        checkRoom();
        giveUp(decision.giveUp());
        decision.waiting().forEach(this::tell);
    }

    /** The store does not always hear of it, or only after somebody else has moved. */
    private void giveUp(List<MicroVm> warm) {
        if (warm.isEmpty()) {
            return;
        }
        saw("warm VMs given up for one that a job waits for");
        if (!calm && random.nextInt(4) == 0) {
            somebodyWishes();
        }
        if (!calm && random.nextInt(4) == 0) {
            warm.forEach(vm -> pool.stays(vm.vmId()));
            return;
        }
        var owned = warm.stream()
                .filter(vm ->
                        ledger.vm(vm.vmId()) != null && ledger.vm(vm.vmId()).owner() != null)
                .toList();
        commit(draft -> draft.intend(new Intents(
                List.of(),
                List.of(),
                warm.stream()
                        .map(vm -> new Intents.Retire(vm.vmId(), new Reason(ReasonCode.HOST_FULL, "as the pool says")))
                        .toList())));
        for (var vm : owned) {
            saw("a VM that was to be given up was claimed");
            assertThat(ledger.vm(vm.vmId()).phase())
                    .as("somebody has claimed it")
                    .isNotEqualTo(Phase.STOPPING);
        }
    }

    private void tell(Pool.Waiting waiting) {
        if (waiting.reason() != null) {
            saw("waits: " + waiting.reason().code());
        }
        if (!calm && random.nextInt(4) == 0) {
            pool.untold(waiting.vm().vmId());
        } else {
            move(waiting.vm(), ((VmState.Pending) waiting.vm().state()).waitingFor(waiting.reason()));
        }
    }

    private void checkRoom() {
        var held = ledger.vms().stream()
                .filter(vm -> !vm.released() && admitted.contains(vm.vmId()))
                .map(pool::needOf)
                .reduce(Room.NONE, Room::plus);
        assertThat(pool.total().covers(held)).as(held + " of " + pool.total()).isTrue();
        assertThat(pool.held()).as("room that VMs have").isEqualTo(held);
    }

    /** When a VM of the pool boots, no VM that a job waits for could have had its room. */
    private void checkBefore(MicroVm granted) {
        if (granted.owner() == null) {
            assertThat(firstInLine().filter(vm -> reachable().covers(pool.needOf(vm))))
                    .as("a VM that a job waits for while " + granted + " boots")
                    .isEmpty();
        }
    }

    /** The VM that has waited for the longest of those that jobs wait for and that could be here at all. */
    private Optional<MicroVm> firstInLine() {
        return ledger.vms().stream()
                .filter(vm -> vm.phase() == Phase.PENDING && vm.owner() != null && vm.address() != null)
                .filter(vm -> !admitted.contains(vm.vmId()) && pool.total().covers(pool.needOf(vm)))
                .min(Comparator.comparing(MicroVm::createdAt).thenComparing(MicroVm::vmId));
    }

    /** What would be free if everything left that is leaving or warm. */
    private Room reachable() {
        return ledger.vms().stream()
                .filter(vm -> admitted.contains(vm.vmId())
                        && vm.owner() != null
                        && !vm.phase().leaving())
                .map(pool::needOf)
                .reduce(pool.total(), Room::minus);
    }

    private Keys take(int most) {
        var jobs = new ArrayList<String>();
        var pools = new ArrayList<String>();
        var named = new ArrayList<VolumeKey>();
        var booted = new ArrayList<String>();
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
            } else if (key instanceof Key.Image image) {
                booted.add(image.digest());
            }
        }
        return new Keys(jobs, pools, named, booted);
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
            case WARM, PAUSED -> idle(vm, fails);
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

    private void idle(MicroVm vm, boolean fails) {
        if (fails || (!calm && vm.attaching() && random.nextInt(4) == 0)) {
            saw(vm.attaching() ? "a VM failed while it was attached" : "a warm VM died");
            end(vm, GuestExit.UNKNOWN);
        } else if (vm.attaching()) {
            move(
                    vm,
                    vm.state() instanceof VmState.Warm warm
                            ? warm.toRunning(now)
                            : ((VmState.Paused) vm.state()).toRunning(now));
        }
    }

    private void live(MicroVm vm, VmState.Running running, boolean fails) {
        var job = ledger.job(vm.owner().jobId());
        if (job != null && job.spec().lifecycle() == Lifecycle.JOB && random.nextInt(3) == 0) {
            end(vm, new GuestExit(calm ? 0 : random.nextInt(2), null));
        } else if (vm.boot().health() != null && fails && random.nextBoolean()) {
            move(vm, running.withHealth(!running.healthy(), now));
        } else if (fails) {
            saw("a running VM died");
            end(vm, random.nextBoolean() ? GuestExit.UNKNOWN : new GuestExit(random.nextInt(2), null));
        } else if (!running.healthy()) {
            move(vm, running.withHealth(true, now));
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
        changes.imagesGone().forEach(image -> pictures.remove(image.digest()));
        changes.images().forEach(image -> pictures.put(image.digest(), image));
        changes.vms().forEach(pool::saw);
        changes.vmsGone().forEach(vm -> pool.forgot(vm.vmId()));
        changes.jobsGone().forEach(job -> pool.forgotJob(job.jobId()));
        learn(changes);
        knocked.addAll(Knocks.of(changes));
        checkFleet();
        if (ledger.addressesDue()) {
            saw("an address was lent to one that waited for it");
            commit(Draft::lendAddresses);
        }
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
            } else if (event.type() == EventType.JOB_DELETED
                    && "expired".equals(event.data().get("reason"))) {
                saw("a job expired");
            } else if (event.type() == EventType.VM_ATTACHED && event.data().containsKey("attach_ms")) {
                saw("attached late from " + event.data().get("from"));
            } else if (event.type() == EventType.VM_PHASE
                    && "paused".equals(event.data().get("to"))) {
                saw("paused");
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
                                .map(MicroVm::address)
                                .filter(Objects::nonNull))
                        .as("an address belongs to one VM")
                        .doesNotContain(vm.address());
                vm.boot().image().ifPresent(digest -> checkBootable(digest, changes));
            } else if (before.owner() == null && vm.owner() != null) {
                checkAttach(before, vm, changes);
            } else {
                assertThat(vm.owner()).as("an owner is for life").isEqualTo(before.owner());
            }
        }
    }

    private void checkBootable(String digest, Changes changes) {
        var image = changes.images().stream()
                .filter(changed -> changed.digest().equals(digest))
                .findFirst()
                .orElse(pictures.get(digest));
        assertThat(image.state()).as("the image of a new VM").isEqualTo(Image.State.READY);
    }

    private void checkAttach(MicroVm before, MicroVm after, Changes changes) {
        saw("attached");
        assertThat(owners.put(after.vmId(), after.owner()))
                .as("attached at most once")
                .isNull();
        if (!before.claimable()) {
            saw("claimed before it was warm");
            assertThat(before.phase()).isIn(Phase.BOOTING, Phase.WARMING);
            assertThat(after.phase()).as("what is not warm is not routed").isEqualTo(Phase.BOOTING);
        } else if (before.phase() == Phase.PAUSED || tellsIts(after.owner(), changes)) {
            assertThat(after.phase()).as("what has still to hear of its owner").isEqualTo(before.phase());
            assertThat(after.serving()).isFalse();
        }
    }

    /** Whether the job has something to tell a VM that becomes its. */
    private boolean tellsIts(Owner owner, Changes changes) {
        var job = changes.jobs().stream()
                .filter(changed -> changed.jobId().equals(owner.jobId()))
                .findFirst()
                .orElse(ledger.job(owner.jobId()));
        return !job.spec().attachEnv().isEmpty();
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
        checkImages();
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

    /** What a job names or a VM was booted from has a row that does not say that it is to go; a name is one image's. */
    private void checkImages() {
        var used = new HashSet<String>();
        ledger.jobIds().forEach(id -> ledger.job(id).spec().boot().image().ifPresent(used::add));
        ledger.vms().stream()
                .filter(vm -> !vm.released())
                .forEach(vm -> vm.boot().image().ifPresent(used::add));
        assertThat(used)
                .allMatch(pictures::containsKey)
                .noneMatch(digest -> pictures.get(digest).state() == Image.State.DELETING);
        assertThat(pictures.values().stream().flatMap(image -> image.references().stream()))
                .doesNotHaveDuplicates();
    }

    /** What a fleet at rest looks like. */
    void checkRest() {
        for (var id : ledger.jobIds()) {
            checkJob(ledger.viewOf(id));
            assertThat(ledger.viewOf(id).expiresAt()).as("the end of " + id).isEmpty();
        }
        for (var hash : ledger.specHashes()) {
            checkPool(ledger.pool(hash));
        }
        firstInLine()
                .ifPresent(vm -> assertThat(reachable().covers(pool.needOf(vm)))
                        .as("room for " + vm)
                        .isFalse());
        var decision = pool.decide();
        assertThat(decision.boot()).as("VMs that still may boot").isEmpty();
        assertThat(decision.giveUp()).as("warm VMs still to be given up").isEmpty();
        assertThat(decision.waiting()).as("reasons still to be told").isEmpty();
        for (var vm : ledger.vms()) {
            assertThat(vm.released() || !vm.phase().leaving())
                    .as(vm + " is either in use or gone")
                    .isTrue();
        }
    }

    private void checkJob(JobView view) {
        var job = view.job();
        if (!job.run()) {
            saw("a job is stopped at rest");
            assertThat(view.instances()).as("VMs of " + job).allMatch(MicroVm::released);
        }
        for (var replica = 0; replica < job.replicas(); replica++) {
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
                assertThat(serving).noneMatch(job::fits);
            } else if (serving.isEmpty()) {
                assertThat(present(view, replica))
                        .as("replica " + index + " of " + view)
                        .hasSize(1);
                checkWaits(present(view, replica).get(0));
            } else {
                assertThat(serving).as("replica " + index + " of " + view).hasSize(1);
                checkSpec(view, replica, serving.get(0));
            }
        }
    }

    /** A VM of a former spec serves on when there is no room for its successor. */
    private void checkSpec(JobView view, int replica, MicroVm serving) {
        if (!view.job().fits(serving)) {
            var next = present(view, replica).stream()
                    .filter(vm -> !vm.equals(serving))
                    .toList();
            assertThat(next).as("successors in " + view).hasSize(1);
            checkWaits(next.get(0));
            saw("a former VM serves on for want of room");
        }
    }

    private static List<MicroVm> present(JobView view, int replica) {
        return view.instances().stream()
                .filter(vm -> vm.owner().replica() == replica && !vm.phase().leaving())
                .toList();
    }

    private void checkPool(PoolSlice slice) {
        var warm = slice.unowned().stream().filter(MicroVm::claimable).count();
        assertThat(warm)
                .as("warm VMs of " + slice)
                .isLessThanOrEqualTo(slice.bounds().max());
        // After a failure one VM finds out whether it is mended, which it cannot while it waits for room itself.
        var scout = slice.retry() != null
                && slice.unowned().stream().anyMatch(vm -> vm.phase().rising());
        assertThat(slice.unowned().size())
                .as("VMs of " + slice)
                .isBetween(scout ? 1 : slice.bounds().min(), slice.bounds().max());
        slice.unowned().stream().filter(vm -> !vm.claimable()).forEach(this::checkWaits);
        // Of a pool that is to run, one that is paused stays while there is no room for the next one.
        var phase = slice.bounds().mode() == WarmPool.Mode.PAUSED ? Phase.PAUSED : Phase.WARM;
        if (slice.unowned().stream().allMatch(MicroVm::claimable)) {
            assertThat(slice.unowned()).as("VMs of " + slice).allMatch(vm -> vm.phase() == phase);
        }
    }

    /** What does not get on at rest says why, and has a reason. */
    private void checkWaits(MicroVm vm) {
        assertThat(vm.phase()).as("what waits: " + vm).isEqualTo(Phase.PENDING);
        assertThat(vm.state().reason()).as("why it waits: " + vm).isNotNull();
        saw("at rest for " + vm.state().reason().code());
        assertThat(vm.address() == null)
                .as("why it waits: " + vm)
                .isEqualTo(vm.state().reason().code() == ReasonCode.NO_ADDRESS);
    }

    private void saw(String what) {
        sometimes.merge(what, 1, Integer::sum);
    }
}
