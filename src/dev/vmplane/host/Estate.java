package dev.vmplane.host;

import dev.vmplane.model.Brake;
import dev.vmplane.model.CrashPoint;
import dev.vmplane.model.VmmProcess;
import io.vertx.core.Future;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** All that this host holds for the VMs of one database: finds it again after a restart, and removes what has no row. */
public final class Estate {
    private static final Logger LOG = LoggerFactory.getLogger(Estate.class);

    private final Processes processes;
    private final RunDirectories directories;
    private final Loans loans;
    private final Brake brake;

    public Estate(Processes processes, RunDirectories directories, Loans loans, Brake brake) {
        this.processes = processes;
        this.directories = directories;
        this.loans = loans;
        this.brake = brake;
    }

    /** What there is, by VM id: hypervisor processes, and the VMs that hold anything else of this host. */
    public record Found(Map<String, VmmProcess> processes, Set<String> holders) {}

    public Future<Found> found() {
        return processes.running().compose(running -> loans.held().map(holders -> new Found(running, holders)));
    }

    /**
     * Removes what belongs to no row. What was {@code found} must have been looked up before the rows were: a row is
     * committed before anything is made for it, so what had none then has none.
     *
     * @param known ids of all rows that may hold something of the host
     */
    public Future<?> sweep(Set<String> known, Found found) {
        var orphans = new HashSet<>(found.processes().keySet());
        orphans.removeAll(known);
        if (brake.holds(orphans.size(), found.processes().size())) {
            LOG.atError()
                    .addKeyValue("vms", new TreeSet<>(orphans))
                    .log("the brake holds back the removal of VMs without a row: is this the right database?"
                            + " End their processes by hand if they shall go");
            return Future.succeededFuture();
        }
        var leftovers = new TreeSet<>(found.holders());
        leftovers.removeAll(known);
        leftovers.addAll(orphans);
        CrashPoint.SWEEP_BEGUN.here();
        return Future.join(leftovers.stream()
                .map(vmId -> remove(vmId, found.processes().get(vmId)))
                .toList());
    }

    private Future<Void> remove(String vmId, VmmProcess process) {
        LOG.atWarn().addKeyValue("vm", vmId).addKeyValue("process", process).log("removing what has no row");
        var gone = process == null ? Future.<Void>succeededFuture() : processes.kill(directories.of(vmId), process);
        return gone.onSuccess(dead -> CrashPoint.SWEEP_KILLED.here()).compose(dead -> loans.takeBack(vmId));
    }
}
