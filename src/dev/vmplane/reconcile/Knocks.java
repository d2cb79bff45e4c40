package dev.vmplane.reconcile;

import dev.vmplane.model.Changes;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.Image;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.VolumeKey;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.stream.Stream;

/** Which keys a committed change may have made different. */
public final class Knocks {
    private Knocks() {}

    public static Set<Key> of(Changes changes) {
        var keys = new LinkedHashSet<Key>();
        changes.jobs().forEach(job -> add(keys, job));
        changes.jobsGone().forEach(job -> add(keys, job));
        changes.vms().forEach(vm -> add(keys, vm));
        changes.vmsGone().forEach(vm -> add(keys, vm));
        Stream.concat(changes.vms().stream().filter(MicroVm::released), changes.vmsGone().stream())
                .forEach(vm -> addVolumes(keys, vm));
        changes.retries().forEach(retry -> keys.add(keyOf(retry.key(), retry.specHash())));
        // As long as it is not there nothing can be done, however its row changes.
        changes.images().stream()
                .filter(image -> image.state() == Image.State.READY)
                .forEach(image -> keys.add(new Key.Image(image.digest())));
        // A job that changed its spec has left a pool, which the job's record does not name any more.
        changes.events().stream()
                .map(event -> event.data().get("former_spec_hash"))
                .filter(String.class::isInstance)
                .forEach(hash -> keys.add(new Key.Pool((String) hash)));
        return keys;
    }

    private static void add(Set<Key> keys, DesiredVm job) {
        keys.add(new Key.Job(job.jobId()));
        keys.add(new Key.Pool(job.specHash()));
    }

    private static void add(Set<Key> keys, MicroVm vm) {
        if (vm.owner() != null) {
            keys.add(new Key.Job(vm.owner().jobId()));
        }
        // An attached VM was the pool's a moment ago.
        keys.add(new Key.Pool(vm.specHash()));
    }

    /** Somebody may wait for what this VM had. */
    private static void addVolumes(Set<Key> keys, MicroVm vm) {
        if (!vm.volumeIds().isEmpty()) {
            var tenant = vm.owner().tenant();
            vm.boot().volumes().forEach(mount -> keys.add(new Key.Volume(new VolumeKey(tenant, mount.name()))));
        }
    }

    private static Key keyOf(String retryKey, String specHash) {
        return retryKey.startsWith("job/")
                ? new Key.Job(retryKey.substring("job/".length(), retryKey.lastIndexOf('/')))
                : new Key.Pool(specHash);
    }
}
