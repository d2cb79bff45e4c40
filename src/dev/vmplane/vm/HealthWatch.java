package dev.vmplane.vm;

import java.time.Duration;
import java.time.Instant;

/**
 * What a row of health checks says about a guest that was healthy once: a single failure is an accident, three in a row
 * are an illness, and an illness longer than the grace is an end.
 *
 * @param failures in a row, up to now
 * @param sickSince when the illness was seen, or null while well
 */
record HealthWatch(int failures, Instant sickSince) {
    static final HealthWatch WELL = new HealthWatch(0, null);
    private static final int FAILURES_TO_BE_SICK = 3;

    /** What is known of a guest whose illness another control plane has seen. */
    static HealthWatch sick(Instant since) {
        return new HealthWatch(FAILURES_TO_BE_SICK, since);
    }

    HealthWatch after(boolean passed, Instant now) {
        if (passed) {
            return WELL;
        }
        var more = failures + 1;
        var since = sickSince == null && more >= FAILURES_TO_BE_SICK ? now : sickSince;
        return new HealthWatch(more, since);
    }

    boolean sick() {
        return sickSince != null;
    }

    boolean lost(Duration grace, Instant now) {
        return sick() && !sickSince.plus(grace).isAfter(now);
    }
}
