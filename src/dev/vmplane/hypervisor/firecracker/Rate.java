package dev.vmplane.hypervisor.firecracker;

import io.vertx.core.json.JsonObject;

/**
 * How much a device may carry, as Firecracker's token bucket: {@code size} bytes at most lie in it, and it takes {@code
 * refill_time} milliseconds to fill when it is empty. Ours holds what may pass in one second and fills in one second. So
 * the rate holds over any time longer than that, and a device that was quiet may carry one second's worth at once.
 *
 * <p>A smaller bucket would be wrong in two ways: once empty, Firecracker looks at it again after 100 ms, and what does
 * not fit into the bucket by then is lost; and a request larger than the bucket is let through with an error in the log.
 */
record Rate(long bytesPerSecond) {
    private static final int REFILL_MS = 1000;
    private static final long BYTES_PER_MEGABYTE = 1_000_000;
    private static final long BYTES_PER_MEGABIT = BYTES_PER_MEGABYTE / 8;

    /** Zero is no limit. */
    static Rate ofMegabytes(int perSecond) {
        return new Rate(perSecond * BYTES_PER_MEGABYTE);
    }

    /** Zero is no limit. */
    static Rate ofMegabits(int perSecond) {
        return new Rate(perSecond * BYTES_PER_MEGABIT);
    }

    /** The limiter of a device, or null for none. */
    JsonObject limiter() {
        return bytesPerSecond == 0
                ? null
                : new JsonObject()
                        .put(
                                "bandwidth",
                                new JsonObject().put("size", bytesPerSecond).put("refill_time", REFILL_MS));
    }
}
