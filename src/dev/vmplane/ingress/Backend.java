package dev.vmplane.ingress;

import dev.vmplane.model.MicroVm;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One microVM as the load balancer sees it: where it listens, and how many requests are under way to it. It outlives
 * its route, because a VM that drains finishes what it has begun.
 */
final class Backend {
    private final String vmId;
    private final String address;
    private final int port;
    private final AtomicInteger outstanding = new AtomicInteger();
    private volatile boolean routed;

    Backend(MicroVm vm) {
        this.vmId = vm.vmId();
        this.address = vm.address();
        this.port = vm.boot().port();
    }

    String vmId() {
        return vmId;
    }

    String address() {
        return address;
    }

    int port() {
        return port;
    }

    int outstanding() {
        return outstanding.get();
    }

    void route(boolean routed) {
        this.routed = routed;
    }

    /**
     * Counts one more request under way, unless the VM is not routed any more. It counts before it looks: whoever
     * takes the route away and reads the count afterwards misses nobody.
     */
    boolean begin() {
        outstanding.incrementAndGet();
        if (!routed) {
            end();
            return false;
        }
        return true;
    }

    void end() {
        outstanding.decrementAndGet();
    }
}
