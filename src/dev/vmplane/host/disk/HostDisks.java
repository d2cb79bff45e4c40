package dev.vmplane.host.disk;

import dev.vmplane.host.Disks;
import dev.vmplane.host.GuestDisks;
import dev.vmplane.host.HostWork;
import dev.vmplane.host.RunDirectories;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.VolumeMount;
import io.vertx.core.Future;
import io.vertx.core.WorkerExecutor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Disks as files with ext4 in them. The one for changes to the root lies in the run directory and goes with it; volumes
 * lie apart. All of them are sparse: a disk takes the room of what its guest wrote, and never more than its size.
 */
public final class HostDisks implements Disks {
    /** {@code vda} is the root, {@code vdb} the configuration. */
    private static final char FIRST_LETTER = 'c';

    /** Parents before what is mounted inside them, or they would hide it. */
    private static final Comparator<GuestDisks.Mount> OUTERMOST_FIRST =
            Comparator.comparing(GuestDisks.Mount::directory);

    private final RunDirectories directories;
    private final VolumeFiles volumes;
    private final OverlayTemplates templates;
    private final HostWork work;

    /** Makes files on {@code worker}: formatting one takes from milliseconds to a second. */
    public HostDisks(RunDirectories directories, VolumeFiles volumes, Mke2fs mke2fs, WorkerExecutor worker) {
        this.directories = directories;
        this.volumes = volumes;
        this.templates = new OverlayTemplates(mke2fs);
        this.work = new HostWork(worker);
    }

    @Override
    public List<Disk> of(MicroVm vm) {
        var disks = new ArrayList<Disk>();
        disks.add(new Disk("overlay", directories.of(vm.vmId()).overlay()));
        for (var volumeId : vm.volumeIds()) {
            disks.add(new Disk("volume" + (disks.size() - 1), volumes.file(volumeId)));
        }
        return List.copyOf(disks);
    }

    @Override
    public GuestDisks guest(MicroVm vm) {
        var mounts = vm.boot().volumes();
        return new GuestDisks(
                device(0),
                IntStream.range(0, mounts.size())
                        .mapToObj(at -> new GuestDisks.Mount(
                                device(at + 1), mounts.get(at).mount()))
                        .sorted(OUTERMOST_FIRST)
                        .toList());
    }

    private static String device(int index) {
        return "/dev/vd" + (char) (FIRST_LETTER + index);
    }

    @Override
    public Future<Void> make(MicroVm vm) {
        return work.run(ReasonCode.DISK_FAILED, "vm " + vm.vmId() + " cannot be lent a disk", () -> {
            templates.make(
                    directories.of(vm.vmId()).overlay(), vm.boot().resources().diskMib());
            makeVolumes(vm);
            return null;
        });
    }

    private void makeVolumes(MicroVm vm) throws IOException {
        List<VolumeMount> mounts = vm.boot().volumes();
        for (var at = 0; at < mounts.size(); at++) {
            volumes.make(vm.volumeIds().get(at), mounts.get(at).sizeMib());
        }
    }
}
