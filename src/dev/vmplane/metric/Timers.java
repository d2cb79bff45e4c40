package dev.vmplane.metric;

import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.stream.LongStream;

/**
 * Begins timers that show as histograms in seconds. Their buckets are few and fixed, so that a scrape stays small and
 * boards can add up hosts.
 */
public final class Timers {
    private static final Duration[] QUICK = millis(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000);

    private static final Duration[] SLOW =
            millis(50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 60_000, 120_000, 300_000, 900_000);

    private Timers() {}

    /** For what takes a millisecond to some seconds. */
    public static Timer.Builder quick(String name, String description) {
        return Timer.builder(name).description(description).serviceLevelObjectives(QUICK);
    }

    /** For what takes a fraction of a second to some minutes. */
    public static Timer.Builder slow(String name, String description) {
        return Timer.builder(name).description(description).serviceLevelObjectives(SLOW);
    }

    private static Duration[] millis(long... each) {
        return LongStream.of(each).mapToObj(Duration::ofMillis).toArray(Duration[]::new);
    }
}
