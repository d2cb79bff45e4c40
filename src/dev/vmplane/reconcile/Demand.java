package dev.vmplane.reconcile;

import java.time.Duration;
import java.time.Instant;

/**
 * How many VMs of one hash are asked for while one boots, from what was seen: the rate of claims, hits and misses alike,
 * forgotten with a time constant of {@link #MEMORY}, times the smoothed boot time.
 *
 * @param claims exponentially decayed count of claims, as of {@code at}
 * @param bootSeconds smoothed time from a row to a warm VM
 */
public record Demand(double claims, double bootSeconds, Instant at) {
    static final Duration MEMORY = Duration.ofSeconds(30);

    /** Weight of the newest boot in the smoothed boot time. */
    private static final double NEWEST = 0.3;

    /** Where the estimate starts before any boot was seen. */
    private static final double FIRST_GUESS_SECONDS = 1;

    public static Demand none(Instant now) {
        return new Demand(0, FIRST_GUESS_SECONDS, now);
    }

    public Demand claimed(Instant now) {
        return new Demand(claimsAt(now) + 1, bootSeconds, now);
    }

    public Demand booted(Duration took, Instant now) {
        var seconds = took.toMillis() / 1000.0;
        return new Demand(claimsAt(now), bootSeconds + NEWEST * (seconds - bootSeconds), now);
    }

    /** Claims to expect during one boot, rounded to whole VMs. */
    public int expected(Instant now) {
        return (int) Math.min(Integer.MAX_VALUE, Math.round(claimsAt(now) / MEMORY.toSeconds() * bootSeconds));
    }

    private double claimsAt(Instant now) {
        var age = Math.max(0, Duration.between(at, now).toMillis());
        return claims * Math.exp(-(double) age / MEMORY.toMillis());
    }
}
