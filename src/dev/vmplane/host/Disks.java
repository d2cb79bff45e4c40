package dev.vmplane.host;

import dev.vmplane.model.MicroVm;
import io.vertx.core.Future;
import java.nio.file.Path;
import java.util.List;

/**
 * The disks that guests of this host write to: one for the changes to their root, which ends with the VM, and their
 * volumes. In a machine they follow its root and its configuration disk.
 */
public interface Disks {

    /** For guests that write nothing, because no real one is there. */
    Disks NONE = new Disks() {
        @Override
        public List<Disk> of(MicroVm vm) {
            return List.of();
        }

        @Override
        public GuestDisks guest(MicroVm vm) {
            return GuestDisks.NONE;
        }

        @Override
        public Future<Void> make(MicroVm vm) {
            return Future.succeededFuture();
        }
    };

    /**
     * A raw image the guest writes to.
     *
     * @param id letters, digits and underscores, its own among the disks of the VM
     */
    record Disk(String id, Path file) {}

    /** What the VM has, in the order the guest sees it. Pure, and says nothing about whether the files are there. */
    List<Disk> of(MicroVm vm);

    /** What the guest is told of them. Pure too. */
    GuestDisks guest(MicroVm vm);

    /** Makes what is missing, in the run directory and elsewhere; what is there already is kept. May be repeated. */
    Future<Void> make(MicroVm vm);
}
