package dev.vmplane.host.cgroup;

import java.io.IOException;

/** Cgroups cannot be used on this host; the message says what is missing. */
final class MissingException extends IOException {
    private static final long serialVersionUID = 1L;

    MissingException(String message) {
        super(message);
    }
}
