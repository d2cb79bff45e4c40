package dev.vmplane.vm;

import dev.vmplane.host.HostException;
import dev.vmplane.hypervisor.HypervisorException;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.vm.agent.AgentException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a step of a life that failed says about its cause. */
final class Failure {
    private static final Logger LOG = LoggerFactory.getLogger(Failure.class);

    private Failure() {}

    /** The reason the row will give. What nobody foresaw is logged here, because a row keeps no stack trace. */
    static Reason reason(String vmId, Throwable cause) {
        if (cause instanceof HypervisorException failed) {
            return failed.reason();
        }
        if (cause instanceof HostException failed) {
            return failed.reason();
        }
        if (cause instanceof AgentException failed) {
            return failed.reason();
        }
        if (cause instanceof HookException failed) {
            return failed.reason();
        }
        LOG.atError().addKeyValue("vm", vmId).setCause(cause).log("a vm failed by a defect");
        return new Reason(ReasonCode.DEFECT, "internal error, see the log of the control plane");
    }

    static boolean isSilence(Throwable cause) {
        return cause instanceof HypervisorException failed && failed.reason().code() == ReasonCode.HYPERVISOR_SILENT;
    }
}
