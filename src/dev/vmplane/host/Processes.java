package dev.vmplane.host;

import dev.vmplane.model.VmmProcess;
import io.vertx.core.Future;
import java.util.Map;

/**
 * Starts hypervisor processes whose death does not follow ours, finds them again after a restart, and ends them. No
 * process is signalled unless pid and start time match, and its command line or its root directory is the VM's.
 */
public interface Processes {

    /**
     * Starts a process in a session of its own. Completes with who it is once it has become the program of the command,
     * and fails with nothing left behind when it cannot.
     */
    Future<VmmProcess> start(ProcessOrder order);

    /** Every process of this state directory's VMs, by VM id, from one look at the process table. */
    Future<Map<String, VmmProcess>> running();

    /** Completes once {@code process} is gone, with what is known of its end. Cancelled by {@link #forget}. */
    Future<ProcessEnd> ended(VmmProcess process);

    /** Ends the waiting of {@link #ended}; its future never completes. */
    void forget(VmmProcess process);

    /** Kills the process if it is still the one that is meant; completes when it is gone. Gone already is success. */
    Future<Void> kill(RunDirectory directory, VmmProcess process);

    /** Lets go of what this holds itself; no process is touched. */
    default Future<Void> close() {
        return Future.succeededFuture();
    }
}
