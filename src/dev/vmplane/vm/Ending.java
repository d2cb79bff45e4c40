package dev.vmplane.vm;

import dev.vmplane.host.GuestEnd;
import dev.vmplane.host.ProcessEnd;
import dev.vmplane.model.GuestExit;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.VmState;
import java.time.Instant;

/** What the end of a microVM is called: somebody's wish, the guest's own end, or a failure. */
final class Ending {
    private Ending() {}

    /**
     * Its process is gone.
     *
     * @param guest what the guest said last
     * @param process what was seen of the process
     */
    static VmState gone(VmState.Live state, GuestEnd guest, ProcessEnd process, Instant now) {
        var exit = guest.exit();
        if (state.phase().leaving()) {
            return state.toStopped(now, state.reason(), exit);
        }
        var why = guest.cannot() == null ? "" : ": the guest " + guest.cannot();
        if (exit.equals(GuestExit.UNKNOWN)) {
            var reason = new Reason(ReasonCode.VMM_DIED, "the hypervisor's process " + how(process) + why);
            return state.toFailed(now, reason, exit);
        }
        var reason = new Reason(ReasonCode.GUEST_EXITED, "the guest's program ended with " + exit + why);
        return exit.success() ? state.toStopped(now, reason, exit) : state.toFailed(now, reason, exit);
    }

    /** It must end for {@code reason}, whatever its process is doing. */
    static VmState failed(VmState.Live state, Reason reason, Instant now) {
        return state.phase().leaving()
                ? state.toStopped(now, state.reason(), GuestExit.UNKNOWN)
                : state.toFailed(now, reason, GuestExit.UNKNOWN);
    }

    private static String how(ProcessEnd process) {
        if (process.signal() != null) {
            return "was killed by signal " + process.signal();
        }
        return process.status() != null ? "ended with status " + process.status() : "is gone";
    }
}
