package dev.vmplane.store;

import dev.vmplane.model.Changes;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.Event;
import dev.vmplane.model.EventType;
import dev.vmplane.model.Image;
import dev.vmplane.model.ImageView;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Retry;
import dev.vmplane.model.Volume;
import dev.vmplane.model.VolumeKey;
import dev.vmplane.model.WarmPool;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The ledger with the changes of one transaction on top: reads see them, the ledger does not until they are committed.
 * A null in one of the maps is a row that is gone.
 */
final class Overlay {
    private final Ledger ledger;
    private final Instant now;
    private final Map<String, DesiredVm> jobs = new LinkedHashMap<>();
    private final Map<String, MicroVm> vms = new LinkedHashMap<>();
    /** By id, because a name may go and come again in one transaction. */
    private final Map<String, Volume> volumes = new LinkedHashMap<>();

    private final Map<String, Volume> volumesGone = new LinkedHashMap<>();
    private final Map<String, Image> images = new LinkedHashMap<>();
    private final Map<String, Retry> retries = new LinkedHashMap<>();
    private final List<Event> events = new ArrayList<>();
    private final BitSet promisedAddresses = new BitSet();

    Overlay(Ledger ledger, Instant now) {
        this.ledger = ledger;
        this.now = now;
    }

    DesiredVm job(String jobId) {
        return jobs.containsKey(jobId) ? jobs.get(jobId) : ledger.job(jobId);
    }

    MicroVm vm(String vmId) {
        return vms.containsKey(vmId) ? vms.get(vmId) : ledger.vm(vmId);
    }

    Volume volume(VolumeKey key) {
        var known = Stream.ofNullable(ledger.volume(key)).filter(volume -> !volumes.containsKey(volume.id()));
        return Stream.concat(known, volumes.values().stream().flatMap(Stream::ofNullable))
                .filter(volume -> volume.key().equals(key))
                .findFirst()
                .orElse(null);
    }

    /** The VM that has a volume, because it has a row and is not released, or null. */
    MicroVm holder(Volume volume) {
        var known = Stream.ofNullable(ledger.holder(volume.id())).map(ledger::vm);
        return here(known)
                .filter(vm -> !vm.released() && vm.volumeIds().contains(volume.id()))
                .findFirst()
                .orElse(null);
    }

    /** The ids of the jobs that name a volume. */
    Stream<String> jobsNaming(VolumeKey key) {
        return Stream.concat(
                ledger.jobsNaming(key).stream().filter(jobId -> !jobs.containsKey(jobId)),
                jobs.values().stream()
                        .flatMap(Stream::ofNullable)
                        .filter(job -> job.tenant().equals(key.tenant()))
                        .filter(job -> job.spec().boot().volumes().stream()
                                .anyMatch(mount -> mount.name().equals(key.name())))
                        .map(DesiredVm::jobId));
    }

    Image image(String digest) {
        return images.containsKey(digest) ? images.get(digest) : ledger.images().image(digest);
    }

    /** The image that is called so, or null. */
    Image imageNamed(String reference) {
        var known = Stream.ofNullable(ledger.images().named(reference))
                .filter(image -> !images.containsKey(image.digest()));
        return Stream.concat(known, images.values().stream().flatMap(Stream::ofNullable))
                .filter(image -> image.references().contains(reference))
                .findFirst()
                .orElse(null);
    }

    /** An image with the jobs that name it and the VMs that boot from it. */
    ImageView view(Image image) {
        var digest = image.digest();
        var naming = Stream.concat(
                ledger.images().jobsNaming(digest).stream().filter(id -> !jobs.containsKey(id)),
                jobs.values().stream()
                        .flatMap(Stream::ofNullable)
                        .filter(job ->
                                job.spec().boot().image().filter(digest::equals).isPresent())
                        .map(DesiredVm::jobId));
        var booted = here(ledger.images().vmsBootedFrom(digest).stream().map(ledger::vm))
                .filter(vm -> !vm.released())
                .filter(vm -> vm.boot().image().filter(digest::equals).isPresent())
                .map(MicroVm::vmId);
        return new ImageView(image, naming.sorted().toList(), booted.sorted().toList());
    }

    Retry retry(String key) {
        return retries.containsKey(key) ? retries.get(key) : ledger.retry(key);
    }

    /** What is remembered of the failures of a job's replicas. */
    List<Retry> retriesOf(DesiredVm job) {
        return IntStream.range(0, job.spec().replicas())
                .mapToObj(replica -> retry(Retry.ofReplica(job.jobId(), replica)))
                .filter(Objects::nonNull)
                .toList();
    }

    /** VMs a job owns or owned, ended ones included. */
    List<MicroVm> vmsOf(String jobId) {
        return here(ledger.vmsOf(jobId).stream())
                .filter(vm -> vm.owner() != null && vm.owner().jobId().equals(jobId))
                .toList();
    }

    /** VMs of a hash without an owner and not leaving, the oldest first. */
    Stream<MicroVm> unowned(String specHash) {
        return here(ledger.unowned(specHash).stream())
                .filter(vm -> vm.owner() == null && vm.specHash().equals(specHash))
                .filter(vm -> !vm.phase().leaving());
    }

    /** Rows of a hash that are kept though nobody owned them and nothing is left of them, the oldest first. */
    List<MicroVm> remains(String specHash) {
        return here(ledger.remains(specHash).stream())
                .filter(vm ->
                        vm.owner() == null && vm.released() && vm.specHash().equals(specHash))
                .sorted(Ledger.BY_AGE)
                .toList();
    }

    /** Whether a VM of the job's present hash fills that replica, or is on its way to. */
    boolean filled(DesiredVm job, int replica) {
        return vmsOf(job.jobId()).stream()
                .anyMatch(vm -> vm.owner().replica() == replica
                        && job.fits(vm)
                        && !vm.phase().leaving());
    }

    WarmPool bounds(String specHash) {
        return jobs.isEmpty()
                ? ledger.bounds(specHash)
                : jobsOf(specHash).map(job -> job.warmPool()).reduce(WarmPool.NONE, WarmPool::union);
    }

    /** One of the jobs that want a hash, or null. */
    DesiredVm anyJobOf(String specHash) {
        return jobsOf(specHash).findFirst().orElse(null);
    }

    private Stream<DesiredVm> jobsOf(String specHash) {
        return Stream.concat(
                ledger.jobsOf(specHash).stream().filter(job -> !jobs.containsKey(job.jobId())),
                jobs.values().stream()
                        .flatMap(Stream::ofNullable)
                        .filter(job -> job.specHash().equals(specHash)));
    }

    /** One that nobody has, or nothing: freed addresses go to those who wait for one first. */
    Optional<String> freeAddress() {
        return ledger.unaddressed().isEmpty() ? nextAddress() : Optional.empty();
    }

    Optional<String> nextAddress() {
        return ledger.addresses().next(promisedAddresses);
    }

    /** Rows that wait for an address, in the order in which they get one. */
    List<MicroVm> unaddressed() {
        return ledger.unaddressed().stream()
                .map(vm -> vm(vm.vmId()))
                .filter(vm -> vm != null && vm.address() == null)
                .toList();
    }

    void put(DesiredVm job) {
        jobs.put(job.jobId(), job);
    }

    void remove(DesiredVm job) {
        jobs.put(job.jobId(), null);
    }

    void put(MicroVm vm) {
        vms.put(vm.vmId(), vm);
    }

    void remove(MicroVm vm) {
        vms.put(vm.vmId(), null);
    }

    void put(Volume volume) {
        volumes.put(volume.id(), volume);
    }

    void remove(Volume volume) {
        volumes.put(volume.id(), null);
        volumesGone.put(volume.id(), volume);
    }

    void put(Image image) {
        images.put(image.digest(), image);
    }

    void remove(Image image) {
        images.put(image.digest(), null);
    }

    void put(Retry retry) {
        retries.put(retry.key(), retry);
    }

    void forgetRetry(String key) {
        if (retry(key) != null) {
            retries.put(key, null);
        }
    }

    void tell(EventType type, DesiredVm job, Map<String, Object> data) {
        events.add(new Event(seq() + 1, now, type, job.tenant(), job.jobId(), null, data));
    }

    void tell(EventType type, Volume volume, Map<String, Object> data) {
        events.add(new Event(seq() + 1, now, type, volume.tenant(), null, null, data));
    }

    /** Images are nobody's: who may know of them is not said by whose VMs boot from them. */
    void tellOfImage(EventType type, Map<String, Object> data) {
        events.add(new Event(seq() + 1, now, type, null, null, null, data));
    }

    void tell(EventType type, MicroVm vm, Map<String, Object> data) {
        var owner = vm.owner();
        events.add(new Event(
                seq() + 1,
                now,
                type,
                owner == null ? null : owner.tenant(),
                owner == null ? null : owner.jobId(),
                vm.vmId(),
                data));
    }

    /** The number of the last event, this transaction's included. */
    long seq() {
        return ledger.seq() + events.size();
    }

    Changes changes() {
        return new Changes(
                present(jobs),
                gone(jobs).map(ledger::job).flatMap(Stream::ofNullable).toList(),
                present(vms),
                gone(vms).map(ledger::vm).flatMap(Stream::ofNullable).toList(),
                present(volumes),
                List.copyOf(volumesGone.values()),
                present(images),
                gone(images)
                        .map(ledger.images()::image)
                        .flatMap(Stream::ofNullable)
                        .toList(),
                present(retries),
                gone(retries).toList(),
                List.copyOf(events));
    }

    /** VMs as they are here: those of the ledger this transaction has not touched, then all it has. */
    private Stream<MicroVm> here(Stream<MicroVm> known) {
        return Stream.concat(
                known.filter(vm -> !vms.containsKey(vm.vmId())),
                vms.values().stream().flatMap(Stream::ofNullable));
    }

    private static <T> List<T> present(Map<String, T> rows) {
        return rows.values().stream().flatMap(Stream::ofNullable).toList();
    }

    private static Stream<String> gone(Map<String, ?> rows) {
        return rows.entrySet().stream().filter(row -> row.getValue() == null).map(Map.Entry::getKey);
    }
}
