package dev.vmplane.store;

import dev.vmplane.metric.Timers;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.util.Collection;

/** What is measured of the store: how its commits go, and how much waits for one. */
public final class StoreMeters {
    private static final double[] BATCHES = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512};

    private final MeterRegistry registry;
    private final Timer commitTime;
    private final DistributionSummary batch;
    private final Counter failed;
    private final Counter refused;

    public StoreMeters(MeterRegistry registry) {
        this.registry = registry;
        commitTime = Timers.quick("vmplane.store.commit", "one commit, from the decision to durable")
                .register(registry);
        batch = DistributionSummary.builder("vmplane.store.batch")
                .description("writes that share one commit")
                .baseUnit("writes")
                .serviceLevelObjectives(BATCHES)
                .register(registry);
        failed = Counter.builder("vmplane.store.commit.failures")
                .description("commits that failed, with every write in them")
                .register(registry);
        refused = Counter.builder("vmplane.store.refusals")
                .description("writes refused because too many wait")
                .register(registry);
    }

    /** Measures for nobody. */
    static StoreMeters none() {
        return new StoreMeters(new CompositeMeterRegistry());
    }

    /** Its size is read from other threads, and may then be a little off. */
    void watch(Collection<?> waiting) {
        Gauge.builder("vmplane.store.queue", waiting, Collection::size)
                .description("writes that wait for a commit")
                .register(registry);
    }

    /** Stopped with {@link #committed} when it went well. */
    Timer.Sample begin() {
        return Timer.start(registry);
    }

    void committed(Timer.Sample begun, int writes) {
        begun.stop(commitTime);
        batch.record(writes);
    }

    void failed() {
        failed.increment();
    }

    void refused() {
        refused.increment();
    }
}
