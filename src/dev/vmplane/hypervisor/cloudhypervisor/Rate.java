package dev.vmplane.hypervisor.cloudhypervisor;

import io.vertx.core.json.JsonObject;

/**
 * How much a device may carry, as a token bucket: it holds {@code size} bytes at most and fills within {@code
 * refill_time} milliseconds. Ours holds what may pass in a second, so the rate is kept over any longer time, and a device
 * that was quiet may carry one second's worth at once.
 *
 * <p>A bucket that has run empty is looked at again after 100 ms, and what would have overflowed by then is lost: the
 * shorter it takes to fill, the further the device stays below its rate.
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

    /** Sets the limit of {@code device}, if there is one. */
    JsonObject limit(JsonObject device) {
        if (bytesPerSecond > 0) {
            var bucket = new JsonObject().put("size", bytesPerSecond).put("refill_time", REFILL_MS);
            device.put("rate_limiter_config", new JsonObject().put("bandwidth", bucket));
        }
        return device;
    }
}
