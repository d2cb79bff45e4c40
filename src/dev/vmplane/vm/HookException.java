package dev.vmplane.vm;

import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;

/** A hook of the spec was called, and failed. */
final class HookException extends RuntimeException {
    HookException(String message) {
        super(message, null, false, false);
    }

    Reason reason() {
        return new Reason(ReasonCode.HOOK_FAILED, getMessage());
    }
}
