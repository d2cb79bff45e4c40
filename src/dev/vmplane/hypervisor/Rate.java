package dev.vmplane.hypervisor;

import io.vertx.core.json.JsonObject;

/**
 * How much a device may carry, as the token bucket that Firecracker and Cloud Hypervisor share: {@code size} bytes at most
 * lie in it, and it takes {@code refill_time} milliseconds to fill when it is empty. Ours holds what may pass in one second
 * and fills in one second. So the rate holds over any time longer than that, and a device that was quiet may carry one
 * second's worth at once.
 *
 * <p>A smaller bucket would be wrong in two ways: once empty, it is looked at again after 100 ms, and what does not fit into
 * it by then is lost; and Firecracker lets a request larger than the bucket through with an error in its log.
 */
public record Rate(long bytesPerSecond) {
    private static final int REFILL_MS = 1000;
    private static final long BYTES_PER_MEGABYTE = 1_000_000;
    private static final long BYTES_PER_MEGABIT = BYTES_PER_MEGABYTE / 8;

    /** Zero is no limit. */
    public static Rate ofMegabytes(int perSecond) {
        return new Rate(perSecond * BYTES_PER_MEGABYTE);
    }

    /** Zero is no limit. */
    public static Rate ofMegabits(int perSecond) {
        return new Rate(perSecond * BYTES_PER_MEGABIT);
    }

    /** The limiter of a device, or null for none. */
    public JsonObject limiter() {
        if (bytesPerSecond == 0) {
            return null;
        }
        var bucket = new JsonObject().put("size", bytesPerSecond).put("refill_time", REFILL_MS);
        return new JsonObject().put("bandwidth", bucket);
    }
}
