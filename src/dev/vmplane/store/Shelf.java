package dev.vmplane.store;

import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Volume;
import dev.vmplane.model.VolumeKey;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/** The part of the ledger that knows volumes: which there are, which VM has each, and which jobs name it. */
final class Shelf {
    private final NavigableMap<String, Volume> volumes = new TreeMap<>();
    /** VM ids by volume id. There is one place for each volume, so one VM at a time can have it. */
    private final Map<String, String> holders = new HashMap<>();
    /** Job ids by the text of a volume's key. */
    private final Map<String, Set<String>> naming = new HashMap<>();

    NavigableMap<String, Volume> volumes() {
        return Collections.unmodifiableNavigableMap(volumes);
    }

    Volume volume(VolumeKey key) {
        return volumes.get(key.text());
    }

    /** The volumes a job names, in the order of their names. */
    Stream<Volume> named(DesiredVm job) {
        return keys(job).map(this::volume).flatMap(Stream::ofNullable);
    }

    String holder(String volumeId) {
        return holders.get(volumeId);
    }

    Set<String> jobsNaming(VolumeKey key) {
        return Collections.unmodifiableSet(naming.getOrDefault(key.text(), Set.of()));
    }

    void put(Volume volume) {
        volumes.put(volume.key().text(), volume);
    }

    void remove(Volume volume) {
        volumes.remove(volume.key().text(), volume);
    }

    void name(DesiredVm job) {
        keys(job)
                .forEach(key -> naming.computeIfAbsent(key.text(), text -> new TreeSet<>())
                        .add(job.jobId()));
    }

    void unname(DesiredVm job) {
        keys(job)
                .forEach(key -> naming.computeIfPresent(key.text(), (text, jobs) -> {
                    jobs.remove(job.jobId());
                    return jobs.isEmpty() ? null : jobs;
                }));
    }

    void give(MicroVm vm) {
        vm.volumeIds().forEach(id -> holders.put(id, vm.vmId()));
    }

    void takeBack(MicroVm vm) {
        vm.volumeIds().forEach(id -> holders.remove(id, vm.vmId()));
    }

    private static Stream<VolumeKey> keys(DesiredVm job) {
        return job.spec().boot().volumes().stream().map(mount -> new VolumeKey(job.tenant(), mount.name()));
    }
}
