package dev.vmplane.hypervisor;

import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;

/** A hypervisor, or the way to it, failed. The message names no host path: it is shown to the tenant. */
public final class HypervisorException extends RuntimeException {
    private final ReasonCode code;

    public HypervisorException(ReasonCode code, String message) {
        this(code, message, null);
    }

    public HypervisorException(ReasonCode code, String message, Throwable cause) {
        super(message, cause);
        this.code = code;
    }

    public Reason reason() {
        return new Reason(code, getMessage());
    }
}
