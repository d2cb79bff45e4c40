package dev.vmplane.store;

import dev.vmplane.bus.Address.Keys;
import dev.vmplane.bus.Address.Slices;
import dev.vmplane.model.Changes;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.JobView;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Phase;
import dev.vmplane.model.PoolSlice;
import dev.vmplane.model.Retry;
import dev.vmplane.model.Stats;
import dev.vmplane.model.Volume;
import dev.vmplane.model.VolumeKey;
import dev.vmplane.model.VolumeUse;
import dev.vmplane.model.VolumeView;
import dev.vmplane.model.WarmPool;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What the database holds, in memory: answers every read and every slice. It changes by {@link #apply} alone, with what
 * has been committed, and every look-up costs what its answer holds, not what exists.
 */
public final class Ledger {
    /** Oldest first; ids break ties so that the order is total. */
    static final Comparator<MicroVm> BY_AGE =
            Comparator.comparing(MicroVm::createdAt).thenComparing(MicroVm::vmId);

    private final NavigableMap<String, DesiredVm> jobs = new TreeMap<>();
    private final NavigableMap<String, MicroVm> vms = new TreeMap<>();
    private final Map<String, Retry> retries = new HashMap<>();
    /** VMs, ended ones included, by the job that owns or owned them. */
    private final Map<String, NavigableMap<String, MicroVm>> vmsByJob = new HashMap<>();

    /** Rows that wait for an address: those with an owner first, then the oldest. */
    private final NavigableSet<MicroVm> unaddressed = new TreeSet<>(
            Comparator.comparing((MicroVm vm) -> vm.owner() == null).thenComparing(BY_AGE));

    private final Shelf shelf = new Shelf();
    private final Gallery gallery = new Gallery();
    private final DoneBook done = new DoneBook();
    /** By spec hash, what is left to be read of VMs that never had an owner, the oldest first. */
    private final Map<String, NavigableSet<MicroVm>> remains = new HashMap<>();

    private final Map<String, HashGroup> groups = new HashMap<>();
    private final Addresses addresses;
    private long seq;

    public Ledger(Addresses addresses) {
        this.addresses = addresses;
    }

    public void apply(Changes changes) {
        changes.jobsGone().forEach(this::removeJob);
        changes.jobs().forEach(this::putJob);
        changes.vmsGone().forEach(this::removeVm);
        changes.vms().forEach(this::putVm);
        changes.volumesGone().forEach(shelf::remove);
        changes.volumes().forEach(shelf::put);
        changes.imagesGone().forEach(gallery::remove);
        changes.images().forEach(gallery::put);
        changes.retriesGone().forEach(retries::remove);
        changes.retries().forEach(retry -> retries.put(retry.key(), retry));
        if (!changes.isEmpty()) {
            seq = changes.seq();
        }
    }

    void apply(DoneChanges changes) {
        done.apply(changes);
    }

    /** The writes that are not to be done again. */
    DoneBook done() {
        return done;
    }

    /** Where the log ends that these rows belong to; said once, after loading. */
    void startAfter(long lastSeq) {
        seq = lastSeq;
    }

    public long seq() {
        return seq;
    }

    public DesiredVm job(String jobId) {
        return jobs.get(jobId);
    }

    public MicroVm vm(String vmId) {
        return vms.get(vmId);
    }

    Retry retry(String key) {
        return retries.get(key);
    }

    Collection<MicroVm> vmsOf(String jobId) {
        return vmsByJob.getOrDefault(jobId, new TreeMap<>()).values();
    }

    public Collection<MicroVm> vms() {
        return vms.values();
    }

    /** VMs of a hash without an owner and not leaving, the oldest first. */
    public Collection<MicroVm> unowned(String specHash) {
        var group = groups.get(specHash);
        return group == null ? List.of() : group.unowned.values();
    }

    /** Rows of a hash that are kept though nobody owned them and nothing is left of them, the oldest first. */
    Collection<MicroVm> remains(String specHash) {
        return remains.getOrDefault(specHash, Collections.emptyNavigableSet());
    }

    public WarmPool bounds(String specHash) {
        var group = groups.get(specHash);
        return group == null ? WarmPool.NONE : group.bounds();
    }

    /** The jobs that want a hash, in the order of their ids. */
    Collection<DesiredVm> jobsOf(String specHash) {
        var group = groups.get(specHash);
        return group == null ? List.of() : group.jobs.values();
    }

    Collection<MicroVm> unaddressed() {
        return unaddressed;
    }

    /** Whether somebody waits for an address although one is free. */
    public boolean addressesDue() {
        return !unaddressed.isEmpty() && addresses.anyFree();
    }

    Addresses addresses() {
        return addresses;
    }

    /** VMs that a former owner of the id has left behind are not the job's. */
    JobView view(DesiredVm job) {
        var own = vmsOf(job.jobId()).stream().filter(vm -> vm.owner().tenant().equals(job.tenant()));
        return new JobView(job, own.toList(), retriesOf(job), usesOf(job), gallery.of(job));
    }

    private List<VolumeUse> usesOf(DesiredVm job) {
        return shelf.named(job)
                .flatMap(volume -> Stream.ofNullable(shelf.holder(volume.id()))
                        .map(vmId -> new VolumeUse(
                                volume.name(), vmId, vms.get(vmId).owner().jobId())))
                .toList();
    }

    Volume volume(VolumeKey key) {
        return shelf.volume(key);
    }

    /** The id of the VM that has a volume, or null. */
    String holder(String volumeId) {
        return shelf.holder(volumeId);
    }

    /** The ids of the jobs that name a volume. */
    Set<String> jobsNaming(VolumeKey key) {
        return shelf.jobsNaming(key);
    }

    VolumeView view(Volume volume) {
        var holder = shelf.holder(volume.id());
        return new VolumeView(
                volume, List.copyOf(shelf.jobsNaming(volume.key())), holder == null ? null : vms.get(holder));
    }

    List<VolumeView> volumesAfter(String tenant, String after, int limit) {
        return after(shelf.volumes(), after).values().stream()
                .filter(volume -> tenant == null || volume.tenant().equals(tenant))
                .limit(limit)
                .map(this::view)
                .toList();
    }

    /** What it knows of images. */
    public Gallery images() {
        return gallery;
    }

    /** Everything a decision about these keys needs. */
    public Slices slices(Keys keys) {
        var booting = keys.images().stream()
                .flatMap(digest -> gallery.jobsNaming(digest).stream())
                .toList();
        var naming = keys.volumes().stream().flatMap(key -> jobsNaming(key).stream());
        var pools = booting.stream().map(id -> jobs.get(id).specHash());
        return new Slices(
                Stream.of(keys.jobIds().stream(), naming, booting.stream())
                        .flatMap(Function.identity())
                        .distinct()
                        .map(this::viewOf)
                        .toList(),
                Stream.concat(keys.specHashes().stream(), pools)
                        .distinct()
                        .map(this::pool)
                        .toList());
    }

    /** A job by id even when it is gone: then only with the VMs it left behind. */
    public JobView viewOf(String jobId) {
        var job = jobs.get(jobId);
        return job == null ? new JobView(null, List.copyOf(vmsOf(jobId)), List.of()) : view(job);
    }

    public PoolSlice pool(String specHash) {
        var group = groups.getOrDefault(specHash, new HashGroup());
        return new PoolSlice(
                specHash,
                group.jobs.size(),
                group.bounds(),
                List.copyOf(group.unowned.values()),
                retries.get(Retry.ofPool(specHash)),
                group.jobs.isEmpty() ? null : gallery.of(group.jobs.firstEntry().getValue()));
    }

    List<JobView> jobsAfter(String tenant, String after, int limit) {
        return after(jobs, after).values().stream()
                .filter(job -> tenant == null || job.tenant().equals(tenant))
                .limit(limit)
                .map(this::view)
                .toList();
    }

    List<MicroVm> vmsAfter(String tenant, String after, int limit) {
        return after(vms, after).values().stream()
                .filter(vm -> tenant == null
                        || (vm.owner() != null && vm.owner().tenant().equals(tenant)))
                .limit(limit)
                .toList();
    }

    public List<String> jobIds() {
        return List.copyOf(jobs.keySet());
    }

    /** Jobs that are gone and still own VMs that are there. */
    public List<String> orphanedJobIds() {
        return vmsByJob.keySet().stream().filter(id -> !jobs.containsKey(id)).toList();
    }

    public List<String> specHashes() {
        return List.copyOf(groups.keySet());
    }

    Stats stats() {
        var phases = new EnumMap<Phase, Integer>(Phase.class);
        vms.values().forEach(vm -> phases.merge(vm.phase(), 1, Integer::sum));
        var pools = groups.keySet().stream().sorted().map(this::poolView).toList();
        return new Stats(seq, phases, jobs.values().stream().map(this::view).toList(), pools);
    }

    private Stats.PoolView poolView(String specHash) {
        var slice = pool(specHash);
        var warm = (int) slice.unowned().stream().filter(MicroVm::claimable).count();
        var waiting = slice.imageAwaited()
                .or(() -> slice.unowned().stream()
                        .filter(vm -> vm.phase() == Phase.PENDING)
                        .flatMap(vm -> Stream.ofNullable(vm.state().reason()))
                        .findFirst());
        return new Stats.PoolView(
                specHash,
                slice.jobs(),
                slice.bounds(),
                warm,
                slice.unowned().size() - warm,
                slice.retry(),
                waiting.orElse(null));
    }

    private List<Retry> retriesOf(DesiredVm job) {
        return IntStream.range(0, job.spec().replicas())
                .mapToObj(replica -> retries.get(Retry.ofReplica(job.jobId(), replica)))
                .filter(Objects::nonNull)
                .toList();
    }

    static <T> NavigableMap<String, T> after(NavigableMap<String, T> all, String key) {
        return key == null ? all : all.tailMap(key, false);
    }

    private void putJob(DesiredVm job) {
        removeJob(jobs.get(job.jobId()));
        jobs.put(job.jobId(), job);
        var group = groups.computeIfAbsent(job.specHash(), hash -> new HashGroup());
        group.jobs.put(job.jobId(), job);
        group.count(job.warmPool(), 1);
        shelf.name(job);
        gallery.name(job);
    }

    private void removeJob(DesiredVm known) {
        var job = known == null ? null : jobs.remove(known.jobId());
        if (job == null) {
            return;
        }
        var group = groups.get(job.specHash());
        group.jobs.remove(job.jobId());
        group.count(job.warmPool(), -1);
        shelf.unname(job);
        gallery.unname(job);
        forgetIfEmpty(job.specHash(), group);
    }

    private void putVm(MicroVm vm) {
        removeVm(vms.get(vm.vmId()));
        vms.put(vm.vmId(), vm);
        if (vm.address() == null) {
            unaddressed.add(vm);
        } else if (!vm.released()) {
            addresses.take(vm.address());
        }
        if (!vm.released()) {
            shelf.give(vm);
            gallery.boot(vm);
        }
        if (vm.owner() != null) {
            vmsByJob.computeIfAbsent(vm.owner().jobId(), id -> new TreeMap<>()).put(vm.vmId(), vm);
        } else if (!vm.phase().leaving()) {
            groups.computeIfAbsent(vm.specHash(), hash -> new HashGroup())
                    .unowned
                    .put(vm, vm);
        } else if (vm.released()) {
            remains.computeIfAbsent(vm.specHash(), hash -> new TreeSet<>(BY_AGE))
                    .add(vm);
        }
    }

    private void removeVm(MicroVm known) {
        var vm = known == null ? null : vms.remove(known.vmId());
        if (vm == null) {
            return;
        }
        if (vm.address() == null) {
            unaddressed.remove(vm);
        } else if (!vm.released()) {
            addresses.free(vm.address());
        }
        if (!vm.released()) {
            shelf.takeBack(vm);
            gallery.unboot(vm);
        }
        if (vm.owner() != null) {
            var ofJob = vmsByJob.get(vm.owner().jobId());
            ofJob.remove(vm.vmId());
            if (ofJob.isEmpty()) {
                vmsByJob.remove(vm.owner().jobId());
            }
        } else if (!vm.phase().leaving()) {
            var group = groups.get(vm.specHash());
            group.unowned.remove(vm);
            forgetIfEmpty(vm.specHash(), group);
        } else if (vm.released()) {
            remains.computeIfPresent(vm.specHash(), (hash, left) -> {
                left.remove(vm);
                return left.isEmpty() ? null : left;
            });
        }
    }

    private void forgetIfEmpty(String specHash, HashGroup group) {
        if (group.isEmpty()) {
            groups.remove(specHash);
        }
    }
}
