package dev.vmplane.metric;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Measures how late its event loop is, by a timer that should ring at even times. To be deployed once on each: what keeps
 * one busy, a blocking call above all, shows in the lag of that one.
 */
public final class LoopLag extends VerticleBase {
    private static final Duration EVERY = Duration.ofMillis(500);

    private final MeterRegistry registry;
    private final String loop;
    private Timer lag;
    private long due;

    /** @param loop what to call the event loop: a number among few */
    public LoopLag(MeterRegistry registry, int loop) {
        this.registry = registry;
        this.loop = Integer.toString(loop);
    }

    @Override
    public Future<?> start() {
        lag = Timers.quick("vmplane.event.loop.lag", "how much later than due a timer of an event loop rang")
                .tag("loop", loop)
                .register(registry);
        wind();
        return Future.succeededFuture();
    }

    /** The timer ends with the verticle. */
    private void wind() {
        due = registry.config().clock().monotonicTime() + EVERY.toNanos();
        vertx.setTimer(EVERY.toMillis(), rung -> ring());
    }

    private void ring() {
        lag.record(Math.max(0, registry.config().clock().monotonicTime() - due), TimeUnit.NANOSECONDS);
        wind();
    }
}
