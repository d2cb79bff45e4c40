package dev.vmplane.model;

import java.time.Duration;
import java.time.Instant;

/**
 * How long to wait after failures in a row: nothing after the first, so that a VM that was fine is back at once, then
 * {@code first}, doubled each time, up to {@code max}. A life that was healthy for {@code resetAfter} wipes the slate.
 */
public record Backoff(Duration first, Duration max, Duration resetAfter) {
    private static final int MAX_DOUBLINGS = 30;

    /** What to remember after one more failure of {@code key}, with a next try. */
    public Retry after(Retry last, String key, String specHash, Duration healthyFor, Instant now, Reason reason) {
        var fresh = last == null || !last.specHash().equals(specHash) || healthyFor.compareTo(resetAfter) >= 0;
        var failures = fresh ? 1 : last.failures() + 1;
        return new Retry(key, specHash, failures, now.plus(delay(failures)), fresh ? now : last.since(), reason);
    }

    /** The wait after so many failures in a row. */
    public Duration delay(int failures) {
        if (failures <= 1) {
            return Duration.ZERO;
        }
        var doublings = Math.min(failures - 2, MAX_DOUBLINGS);
        var delay = first.multipliedBy(1L << doublings);
        return delay.compareTo(max) > 0 ? max : delay;
    }
}
