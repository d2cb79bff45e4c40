package dev.vmplane.hypervisor.simulator;

import dev.vmplane.hypervisor.simulator.BodyShape.Fault;
import io.vertx.core.json.JsonObject;

/** What Firecracker's API decides about the balloon device. The guest's driver is there as soon as it has started. */
final class SimulatedBalloon {
    private JsonObject config;

    /** Before the start: there shall be a balloon. */
    void put(JsonObject wanted, long memoryMib) {
        if (wanted.getLong("amount_mib") > memoryMib) {
            throw new Fault("Balloon config error: Amount of pages requested is too large.");
        }
        config = wanted;
    }

    /** After the start: it shall hold another amount. */
    void patch(JsonObject wanted, long memoryMib) {
        var present = get();
        if (wanted.getLong("amount_mib") > memoryMib) {
            throw new Fault("Balloon update error: Balloon: Requested memory should be less than "
                    + wanted.getLong("amount_mib") + "MiB");
        }
        config = present.mergeIn(wanted);
    }

    JsonObject get() {
        if (config == null) {
            throw new Fault("Balloon config error: No balloon device found.");
        }
        return config.copy();
    }
}
