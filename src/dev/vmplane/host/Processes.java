package dev.vmplane.host;

import dev.vmplane.model.VmmProcess;
import io.vertx.core.Future;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Starts hypervisor processes whose death does not follow ours, finds them again after a restart, and ends them. No
 * process is signalled unless pid, start time and the VM's run directory in its command line all match.
 */
public interface Processes {

    /**
     * Starts {@code command} in a session of its own, with what it prints appended to {@code output}, a file in
     * {@code directory}: {@link RunDirectory#vmmLog()}, or {@link RunDirectory#console()} for a hypervisor that prints
     * what its guest does. The command must name a path inside {@code directory}: that is how the process is recognized
     * later.
     */
    Future<VmmProcess> start(RunDirectory directory, List<String> command, Path output);

    /** Every process of this state directory's VMs, by VM id, from one look at the process table. */
    Future<Map<String, VmmProcess>> running();

    /** Completes, within a poll interval, once {@code process} is gone. Cancelled by {@link #forget}. */
    Future<Void> ended(VmmProcess process);

    /** Ends the waiting of {@link #ended}; its future never completes. */
    void forget(VmmProcess process);

    /** Kills the process if it is still the one that is meant; completes when it is gone. Gone already is success. */
    Future<Void> kill(RunDirectory directory, VmmProcess process);
}
