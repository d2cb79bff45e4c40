package dev.vmplane.reconcile;

import dev.vmplane.metric.Timers;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.util.Collection;
import java.util.concurrent.atomic.AtomicInteger;

/** What is measured of the reconciler: how long its passes take, and how much waits for one. */
public final class PassMeters {
    private final MeterRegistry registry;
    private final Timer passTime;
    private final Counter failed;
    private final AtomicInteger heldBack = new AtomicInteger();

    public PassMeters(MeterRegistry registry) {
        this.registry = registry;
        passTime = Timers.quick("vmplane.reconcile.pass", "one pass, from the slices to its durable intents")
                .register(registry);
        failed = Counter.builder("vmplane.reconcile.failures")
                .description("passes that failed and are repeated")
                .register(registry);
        Gauge.builder("vmplane.reconcile.held.vms", heldBack, AtomicInteger::get)
                .description("microVMs that the last pass would have removed and the brake held back")
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
        heldBack.set(vms);
    }
}
