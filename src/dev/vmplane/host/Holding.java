package dev.vmplane.host;

import dev.vmplane.model.MicroVm;
import io.vertx.core.Future;
import java.util.Set;

/**
 * One kind of thing that this host lends to VMs: a run directory, a tap, a cgroup. Whatever is lent carries the id of its
 * VM in its name, so that it is found again without any record of it, and taken back when it has no row.
 */
public interface Holding {
    /** What it is, for logs and listings: {@code "tap"}. */
    String kind();

    /**
     * Makes the VM's own. May be repeated; what is there already is kept. One that fails leaves nothing half-made that
     * {@link #takeBack} would not remove.
     */
    Future<Void> lend(MicroVm vm);

    /** The VMs that hold one, by id, from a look at the host. */
    Future<Set<String>> held();

    /** Removes the VM's own, whatever state it is in. None there is success. */
    Future<Void> takeBack(String vmId);
}
