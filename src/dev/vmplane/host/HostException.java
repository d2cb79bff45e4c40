package dev.vmplane.host;

import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;

/** The host could not lend what a VM needs. The message names no host path: it is shown to the tenant. */
public final class HostException extends RuntimeException {
    private final ReasonCode code;

    public HostException(String message) {
        this(message, null);
    }

    public HostException(String message, Throwable cause) {
        this(ReasonCode.HOST_FAILED, message, cause);
    }

    public HostException(ReasonCode code, String message, Throwable cause) {
        super(message, cause);
        this.code = code;
    }

    public Reason reason() {
        return new Reason(code, getMessage());
    }
}
