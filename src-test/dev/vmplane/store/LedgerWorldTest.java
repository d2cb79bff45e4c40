package dev.vmplane.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Pictures;
import dev.vmplane.Specs;
import dev.vmplane.model.Changes;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.Image;
import dev.vmplane.model.ImageView;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Owner;
import dev.vmplane.model.Phase;
import dev.vmplane.model.PoolSlice;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Retry;
import dev.vmplane.model.Spec;
import dev.vmplane.model.States;
import dev.vmplane.model.Volume;
import dev.vmplane.model.VolumeKey;
import dev.vmplane.model.VolumeUse;
import dev.vmplane.model.VolumeView;
import dev.vmplane.model.WarmPool;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The ledger's look-ups beside a plain search through all rows, on changes that a seed makes. */
class LedgerWorldTest {
    private static final List<Phase> PHASES = List.of(Phase.values());

    private static final int STEPS = 300;
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    private static final List<String> VOLUMES = List.of("data", "logs", "mail");
    private static final List<String> DIGESTS = List.of(Pictures.digest('a'), Pictures.digest('b'));
    private static final List<String> NAMES = List.of("localhost/one:1", "localhost/two:1", "localhost/two:2");
    private static final List<String> HASHES = List.of("red", "green", "blue");

    private final Ledger ledger = new Ledger(new Addresses("127.64.0.0/26"));
    private final Map<String, DesiredVm> jobs = new TreeMap<>();
    private final Map<String, MicroVm> vms = new TreeMap<>();
    private final Map<String, Volume> volumes = new TreeMap<>();
    private final Map<String, Image> images = new TreeMap<>();
    private final Map<String, Retry> retries = new TreeMap<>();
    private Random random;

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {0, 1, 2, 3, 4, 5, 6, 7})
    void everyLookUpFindsWhatAPlainSearchFinds(long seed) {
        random = new Random(seed);
        for (var step = 0; step < STEPS; step++) {
            ledger.apply(change());

            assertThat(ledger.jobIds()).isEqualTo(List.copyOf(jobs.keySet()));
            assertThat(List.copyOf(ledger.vms())).isEqualTo(List.copyOf(vms.values()));
            checkJobs();
            checkPools();
            checkAddresses();
            checkVolumes();
            checkImages();
        }
    }

    private void checkJobs() {
        for (var id : jobIds().toList()) {
            var job = jobs.get(id);
            var left = vms.values().stream()
                    .filter(vm -> vm.owner() != null && vm.owner().jobId().equals(id))
                    .toList();
            var view = ledger.viewOf(id);
            assertThat(view.job()).isEqualTo(job);
            assertThat(view.instances()).isEqualTo(left);
            assertThat(view.retries())
                    .isEqualTo(
                            job == null
                                    ? List.of()
                                    : Stream.ofNullable(retries.get(Retry.ofReplica(id, 0)))
                                            .toList());
            assertThat(ledger.orphanedJobIds().contains(id)).isEqualTo(job == null && !left.isEmpty());
        }
    }

    private void checkPools() {
        var known = new TreeSet<String>();
        for (var hash : HASHES) {
            var wanting = jobs.values().stream()
                    .filter(job -> job.specHash().equals(hash))
                    .toList();
            var unowned = vms.values().stream()
                    .filter(vm -> vm.owner() == null
                            && vm.specHash().equals(hash)
                            && !vm.phase().leaving())
                    .sorted(Comparator.comparing(MicroVm::createdAt).thenComparing(MicroVm::vmId))
                    .toList();
            var modes = wanting.stream()
                    .map(DesiredVm::warmPool)
                    .filter(pool -> pool.max() > 0)
                    .map(WarmPool::mode)
                    .distinct()
                    .toList();
            var bounds = new WarmPool(
                    largest(wanting.stream().map(job -> job.warmPool().min())),
                    largest(wanting.stream().map(job -> job.warmPool().max())),
                    modes.equals(List.of(WarmPool.Mode.PAUSED)) ? WarmPool.Mode.PAUSED : WarmPool.Mode.RUNNING);
            assertThat(ledger.pool(hash))
                    .isEqualTo(new PoolSlice(
                            hash,
                            wanting.size(),
                            bounds,
                            unowned,
                            retries.get(Retry.ofPool(hash)),
                            wanting.isEmpty()
                                    ? null
                                    : wanting.get(0)
                                            .spec()
                                            .boot()
                                            .image()
                                            .map(images::get)
                                            .orElse(null)));
            assertThat(List.copyOf(ledger.jobsOf(hash))).isEqualTo(wanting);
            assertThat(List.copyOf(ledger.remains(hash)))
                    .isEqualTo(vms.values().stream()
                            .filter(vm -> vm.owner() == null
                                    && vm.specHash().equals(hash)
                                    && vm.phase().leaving()
                                    && vm.released())
                            .sorted(Comparator.comparing(MicroVm::createdAt).thenComparing(MicroVm::vmId))
                            .toList());
            if (!wanting.isEmpty() || !unowned.isEmpty()) {
                known.add(hash);
            }
        }
        assertThat(ledger.specHashes()).containsExactlyInAnyOrderElementsOf(known);
    }

    private static int largest(Stream<Integer> numbers) {
        return numbers.reduce(0, Math::max);
    }

    private void checkVolumes() {
        assertThat(ledger.volumesAfter(null, null, 100).stream().map(VolumeView::volume))
                .isEqualTo(List.copyOf(volumes.values()));
        for (var name : VOLUMES) {
            var id = "vol-" + name;
            var holders = vms.values().stream()
                    .filter(vm -> !vm.released() && vm.volumeIds().contains(id))
                    .map(MicroVm::vmId)
                    .toList();
            assertThat(Stream.ofNullable(ledger.holder(id))).isEqualTo(holders);
            assertThat(ledger.jobsNaming(new VolumeKey(Books.TENANT, name)))
                    .containsExactlyElementsOf(jobs.values().stream()
                            .filter(job -> names(job, name))
                            .map(DesiredVm::jobId)
                            .toList());
        }
        for (var job : jobs.values()) {
            var uses = volumes.values().stream()
                    .filter(volume -> names(job, volume.name()))
                    .flatMap(volume -> vms.values().stream()
                            .filter(vm -> !vm.released() && vm.volumeIds().contains(volume.id()))
                            .map(vm -> new VolumeUse(
                                    volume.name(), vm.vmId(), vm.owner().jobId())));
            assertThat(ledger.viewOf(job.jobId()).volumes()).isEqualTo(uses.toList());
        }
    }

    private void checkImages() {
        for (var name : NAMES) {
            assertThat(Stream.ofNullable(ledger.images().named(name)))
                    .containsExactlyElementsOf(images.values().stream()
                            .filter(image -> image.references().contains(name))
                            .toList());
        }
        var views = images.values().stream().map(image -> {
            var naming = jobs.values().stream()
                    .filter(job -> job.spec()
                            .boot()
                            .image()
                            .filter(image.digest()::equals)
                            .isPresent());
            var booted = vms.values().stream()
                    .filter(vm -> !vm.released()
                            && vm.boot().image().filter(image.digest()::equals).isPresent());
            return new ImageView(
                    image,
                    naming.map(DesiredVm::jobId).toList(),
                    booted.map(MicroVm::vmId).toList());
        });
        assertThat(ledger.images().after(null, 10)).isEqualTo(views.toList());
        for (var job : jobs.values()) {
            assertThat(ledger.viewOf(job.jobId()).image())
                    .isEqualTo(job.spec().boot().image().map(images::get).orElse(null));
        }
    }

    private static boolean names(DesiredVm job, String volume) {
        return job.spec().boot().volumes().stream()
                .anyMatch(mount -> mount.name().equals(volume));
    }

    private void checkAddresses() {
        var known = new TreeSet<String>();
        var promised = new BitSet();
        for (var next = ledger.addresses().next(promised);
                next.isPresent();
                next = ledger.addresses().next(promised)) {
            known.add(next.get());
        }
        vms.values().stream()
                .filter(vm -> !vm.released())
                .map(MicroVm::address)
                .forEach(taken -> assertThat(known.add(taken))
                        .as(taken + " is held by a VM, so it is not free")
                        .isTrue());
        assertThat(known).as("every address is either held or free").hasSize(62);
    }

    /** Some rows put, some changed, some gone, as one transaction could. */
    private Changes change() {
        var putJobs = new ArrayList<DesiredVm>();
        var goneJobs = new ArrayList<DesiredVm>();
        var putVms = new ArrayList<MicroVm>();
        var goneVms = new ArrayList<MicroVm>();
        var putVolumes = new ArrayList<Volume>();
        var goneVolumes = new ArrayList<Volume>();
        for (var name : VOLUMES.stream().filter(this::sometimes).toList()) {
            if (volumes.containsKey(name) && random.nextBoolean()) {
                goneVolumes.add(volumes.remove(name));
            } else {
                var volume = new Volume("vol-" + name, Books.TENANT, name, 64, "here", random.nextBoolean(), START);
                putVolumes.add(volume);
                volumes.put(name, volume);
            }
        }
        var putImages = new ArrayList<Image>();
        var goneImages = new ArrayList<Image>();
        for (var digest : DIGESTS.stream().filter(this::sometimes).toList()) {
            if (images.containsKey(digest) && random.nextBoolean()) {
                goneImages.add(images.remove(digest));
                putImages.removeIf(image -> image.digest().equals(digest));
            } else {
                putAnImage(digest, putImages);
            }
        }
        var putRetries = new ArrayList<Retry>();
        var goneRetries = new ArrayList<String>();
        for (var id : jobIds().filter(this::sometimes).toList()) {
            if (jobs.containsKey(id) && random.nextBoolean()) {
                goneJobs.add(jobs.remove(id));
            } else {
                var job = job(id);
                putJobs.add(job);
                jobs.put(id, job);
            }
        }
        for (var id : vmIds().filter(this::sometimes).toList()) {
            if (vms.containsKey(id) && random.nextInt(3) == 0) {
                goneVms.add(vms.remove(id));
            } else {
                var vm = vm(id, vms.get(id));
                putVms.add(vm);
                vms.put(id, vm);
            }
        }
        for (var key : retryKeys().filter(this::sometimes).toList()) {
            if (retries.remove(key) != null) {
                goneRetries.add(key);
            } else {
                var retry = new Retry(key, "red", 1, START, START, new Reason(ReasonCode.VMM_DIED, "gone"));
                putRetries.add(retry);
                retries.put(key, retry);
            }
        }
        return new Changes(
                putJobs,
                goneJobs,
                putVms,
                goneVms,
                putVolumes,
                goneVolumes,
                putImages,
                goneImages,
                putRetries,
                goneRetries,
                List.of());
    }

    /** Under some names, which it takes from whichever image has them. */
    private void putAnImage(String digest, List<Image> put) {
        var names = NAMES.stream().filter(name -> random.nextBoolean()).toList();
        for (var other : List.copyOf(images.values())) {
            var left = other.references().stream()
                    .filter(name -> !names.contains(name))
                    .toList();
            if (!left.equals(other.references())) {
                images.put(other.digest(), Pictures.called(other.digest(), left));
                put.removeIf(image -> image.digest().equals(other.digest()));
                put.add(images.get(other.digest()));
            }
        }
        images.put(digest, Pictures.called(digest, names));
        put.removeIf(image -> image.digest().equals(digest));
        put.add(images.get(digest));
    }

    private boolean sometimes(String id) {
        return random.nextInt(5) == 0;
    }

    private DesiredVm job(String id) {
        var min = random.nextInt(3);
        var running = Specs.service("any", min, min + random.nextInt(3));
        var plain = random.nextBoolean() ? running : Specs.pausing(running);
        var spec = random.nextInt(3) == 0 ? Specs.withVolumes(plain, aVolume()) : withAnImage(plain);
        var run = random.nextInt(4) > 0;
        return new DesiredVm(id, Books.TENANT, spec, aHash(), 1, DesiredVm.Source.API, run, 0, START, START);
    }

    /** A new VM, or the known one moved on: attached, in another phase, or released. */
    private MicroVm vm(String id, MicroVm known) {
        var phase = PHASES.get(random.nextInt(PHASES.size()));
        if (known == null) {
            var owner = anOwner();
            return new MicroVm(
                    id,
                    "here",
                    aHash(),
                    withAnImage(Specs.service("any", 0, 0)).boot(),
                    owner,
                    States.of(phase, START),
                    freeAddress(),
                    owner == null ? List.of() : aFreeVolume(),
                    START.plusSeconds(random.nextInt(5)),
                    false);
        }
        if (known.released() || (known.phase().ended() && random.nextBoolean())) {
            return known.asReleased();
        }
        return known.with(known.owner() == null ? anOwner() : known.owner(), States.of(phase, START));
    }

    /** One that no VM holds that has not been released. */
    private String freeAddress() {
        return Stream.iterate(1, n -> n + 1)
                .map(n -> "127.64.0." + n)
                .filter(address -> vms.values().stream()
                        .noneMatch(vm -> !vm.released() && vm.address().equals(address)))
                .findFirst()
                .orElseThrow();
    }

    /** One that no VM has that has not been released, if there is one. */
    private List<String> aFreeVolume() {
        return VOLUMES.stream()
                .map(name -> "vol-" + name)
                .filter(id -> vms.values().stream()
                        .noneMatch(vm -> !vm.released() && vm.volumeIds().contains(id)))
                .limit(random.nextInt(2))
                .toList();
    }

    private Spec withAnImage(Spec plain) {
        return random.nextBoolean() ? plain : Specs.withImage(plain, Pictures.pinned(aDigest()));
    }

    private String aDigest() {
        return DIGESTS.get(random.nextInt(DIGESTS.size()));
    }

    private String aVolume() {
        return VOLUMES.get(random.nextInt(VOLUMES.size()));
    }

    private Owner anOwner() {
        return random.nextBoolean() ? null : new Owner("job-" + random.nextInt(4), Books.TENANT, 0, 1);
    }

    private String aHash() {
        return HASHES.get(random.nextInt(HASHES.size()));
    }

    private static Stream<String> jobIds() {
        return Stream.of("job-0", "job-1", "job-2", "job-3");
    }

    private static Stream<String> vmIds() {
        return Stream.iterate(0, n -> n < 15, n -> n + 1).map(n -> "vm-" + n);
    }

    private static Stream<String> retryKeys() {
        return Stream.concat(
                jobIds().map(id -> Retry.ofReplica(id, 0)), HASHES.stream().map(Retry::ofPool));
    }
}
