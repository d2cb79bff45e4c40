package dev.vmplane.host;

import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;

/** The host could not lend what a VM needs. The message names no host path: it is shown to the tenant. */
public final class HostException extends RuntimeException {
    public HostException(String message) {
        this(message, null);
    }

    public HostException(String message, Throwable cause) {
        super(message, cause);
    }

    public Reason reason() {
        return new Reason(ReasonCode.HOST_FAILED, getMessage());
    }
}
