package dev.vmplane.reconcile;

import dev.vmplane.metric.Timers;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.util.Collection;

/** What is measured of the reconciler: how long its passes take, and how much waits for one. */
public final class PassMeters {
    private final MeterRegistry registry;
    private final Timer passTime;
    private final Counter failed;
    private final Counter held;

    public PassMeters(MeterRegistry registry) {
        this.registry = registry;
        passTime = Timers.quick("vmplane.reconcile.pass", "one pass, from the slices to its durable intents")
                .register(registry);
        failed = Counter.builder("vmplane.reconcile.failures")
                .description("passes that failed and are repeated")
                .register(registry);
        held = Counter.builder("vmplane.reconcile.held")
                .description("removals that the brake held back, counted again by each pass that would make them")
                .register(registry);
    }

    /** Measures for nobody. */
    static PassMeters none() {
        return new PassMeters(new CompositeMeterRegistry());
    }

    /** Its size is read from other threads, and may then be a little off. */
    void watch(Collection<?> knocked) {
        Gauge.builder("vmplane.reconcile.queue", knocked, Collection::size)
                .description("keys that have knocked and wait for a pass")
                .register(registry);
    }

    Timer.Sample begin() {
        return Timer.start(registry);
    }

    void passed(Timer.Sample begun) {
        begun.stop(passTime);
    }

    void failed() {
        failed.increment();
    }

    void held(int vms) {
        held.increment(vms);
    }
}
