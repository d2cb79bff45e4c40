package dev.vmplane.ingress;

import java.util.concurrent.atomic.AtomicBoolean;

/** The right to send one request to one backend, given back once however many ways the request ends at the same time. */
final class Lease {
    private final Backend backend;
    private final AtomicBoolean open = new AtomicBoolean(true);

    Lease(Backend backend) {
        this.backend = backend;
    }

    Backend backend() {
        return backend;
    }

    void giveBack() {
        if (open.compareAndSet(true, false)) {
            backend.end();
        }
    }
}
