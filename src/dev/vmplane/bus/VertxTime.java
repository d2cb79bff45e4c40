package dev.vmplane.bus;

import dev.vmplane.model.Time;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;

/** The time of real life: the host's clock, and Vert.x timers that ring on the event loop that set them. */
public final class VertxTime implements Time {
    private final Vertx vertx;
    private final Clock clock = Clock.systemUTC();

    public VertxTime(Vertx vertx) {
        this.vertx = vertx;
    }

    @Override
    public Instant now() {
        return clock.instant();
    }

    /** Never rings early: a part of a millisecond counts as a whole one, and one millisecond is the least there is. */
    @Override
    public Alarm after(Duration delay, Runnable task) {
        var delayMillis = Math.max(1, delay.plusNanos(999_999).toMillis());
        var timer = vertx.setTimer(delayMillis, rung -> task.run());
        return () -> vertx.cancelTimer(timer);
    }
}
