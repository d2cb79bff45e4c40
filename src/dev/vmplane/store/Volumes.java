package dev.vmplane.store;

import dev.vmplane.bus.Address.PutJob;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.EventType;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import dev.vmplane.model.Volume;
import dev.vmplane.model.VolumeKey;
import dev.vmplane.model.VolumeMount;
import dev.vmplane.model.VolumeView;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The rules about volumes. Every volume that a job names has a row, of the size the job names; a volume whose row says
 * that it is to go is named by no job and with no VM; and a VM gets its volumes with its row, all of them or none.
 */
final class Volumes {
    private final Overlay rows;
    private final Rules rules;
    private final Instant now;
    private final Supplier<String> vmIds;

    Volumes(Overlay rows, Rules rules, Instant now, Supplier<String> vmIds) {
        this.rows = rows;
        this.rules = rules;
        this.now = now;
        this.vmIds = vmIds;
    }

    /** Refuses a wish that names a volume which is of another size, or about to go. */
    void refuseMisfits(PutJob put) {
        var mounts = put.spec().boot().volumes();
        for (var at = 0; at < mounts.size(); at++) {
            var mount = mounts.get(at);
            var known = rows.volume(new VolumeKey(put.tenant(), mount.name()));
            if (known != null && known.deleting()) {
                throw Draft.conflict(
                        "volume_deleting", "volume '" + mount.name() + "' is being deleted: try again when it is gone");
            }
            if (known != null && known.sizeMib() != mount.sizeMib()) {
                throw otherSize(known, mount, at);
            }
        }
    }

    private static RefusedException otherSize(Volume known, VolumeMount mount, int at) {
        return new Refusal(
                        Refusal.Kind.CONFLICT,
                        "volume_size_differs",
                        "spec.volumes[" + at + "].size_mb",
                        "volume '" + known.name() + "' has " + known.sizeMib() + " MiB and cannot become "
                                + mount.sizeMib() + ": ask for the size it has, or name another volume")
                .asException();
    }

    /** Makes rows for the volumes that no wish has named before. */
    void declare(DesiredVm job) {
        for (var mount : job.spec().boot().volumes()) {
            if (rows.volume(new VolumeKey(job.tenant(), mount.name())) == null) {
                var volume = new Volume(newId(), job.tenant(), mount.name(), mount.sizeMib(), rules.node(), false, now);
                rows.put(volume);
                rows.tell(EventType.VOLUME_CREATED, job, Map.of("volume", volume.name(), "size_mb", volume.sizeMib()));
            }
        }
    }

    /** A VM's id that nobody has had, made a volume's: ids of volumes are as random, so that no file is ever met twice. */
    private String newId() {
        return vmIds.get().replaceFirst("^vm-", "vol-");
    }

    /** The ids of the job's volumes, or nothing while a VM has one of them. */
    Optional<List<String>> freeFor(DesiredVm job) {
        var volumes = job.spec().boot().volumes().stream()
                .map(mount -> rows.volume(new VolumeKey(job.tenant(), mount.name())))
                .toList();
        return volumes.stream().allMatch(volume -> rows.holder(volume) == null)
                ? Optional.of(volumes.stream().map(Volume::id).toList())
                : Optional.empty();
    }

    void attached(MicroVm vm) {
        tell(EventType.VOLUME_ATTACHED, vm);
    }

    void detached(MicroVm vm) {
        tell(EventType.VOLUME_DETACHED, vm);
    }

    private void tell(EventType type, MicroVm vm) {
        if (!vm.volumeIds().isEmpty()) {
            vm.boot().volumes().forEach(mount -> rows.tell(type, vm, Map.of("volume", mount.name())));
        }
    }

    /** Marks a volume that nobody uses as one to go. May be repeated. */
    VolumeView delete(VolumeKey key) {
        var volume = rows.volume(key);
        if (volume == null) {
            throw Refusal.notFound("volume_not_found", "volume '" + key.name() + "' does not exist")
                    .asException();
        }
        var naming = rows.jobsNaming(key).sorted().findFirst();
        if (naming.isPresent()) {
            throw Draft.conflict(
                    "volume_in_use",
                    "volume '" + key.name() + "' cannot be deleted: job '" + naming.get()
                            + "' names it; delete that job, or leave the volume out of its spec");
        }
        var holder = rows.holder(volume);
        if (holder != null) {
            throw Draft.conflict(
                    "volume_in_use",
                    "volume '" + key.name() + "' cannot be deleted: " + holder.vmId()
                            + " still has it; try again when that VM is gone");
        }
        var deleting = volume.asDeleting();
        if (!volume.deleting()) {
            rows.put(deleting);
            rows.tell(EventType.VOLUME_DELETING, deleting, Map.of("volume", key.name()));
        }
        return new VolumeView(deleting, List.of(), null);
    }

    /** Forgets a volume that was to go and whose file is gone. */
    void removed(Volume volume) {
        var known = rows.volume(volume.key());
        if (known != null && known.deleting() && known.id().equals(volume.id())) {
            rows.remove(known);
            rows.tell(EventType.VOLUME_DELETED, known, Map.of("volume", known.name()));
        }
    }
}
