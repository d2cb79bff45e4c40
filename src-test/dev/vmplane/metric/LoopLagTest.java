package dev.vmplane.metric;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Await;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Context;
import io.vertx.core.Deployable;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.junit5.VertxExtension;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(VertxExtension.class)
class LoopLagTest {
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

    @Test
    void aLoopThatWasKeptBusyIsLate(Vertx vertx) {
        var loop = new AtomicReference<Context>();
        var lag = new LoopLag(registry, 0);
        Await.of(vertx.deployVerticle(context -> {
            loop.set(context);
            return lag.deploy(context);
        }));

        loop.get().runOnContext(busy -> LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(900)));

        Await.until(true, () -> Future.succeededFuture(maxMillis() >= 300));
    }

    @Test
    void asManyAsThereAreLoopsAreEachOnOneOfTheirOwn(Vertx vertx) {
        Set<String> threads = ConcurrentHashMap.newKeySet();
        var next = new AtomicInteger();
        var loops = VertxOptions.DEFAULT_EVENT_LOOP_POOL_SIZE;

        Await.of(vertx.deployVerticle(
                () -> (Deployable) context -> {
                    threads.add(Thread.currentThread().getName());
                    return new LoopLag(registry, next.getAndIncrement()).deploy(context);
                },
                new DeploymentOptions().setInstances(loops)));

        assertThat(threads).hasSize(loops);
        assertThat(registry.get("vmplane.event.loop.lag").timers()).hasSize(loops);
    }

    private double maxMillis() {
        return registry.get("vmplane.event.loop.lag").timer().max(TimeUnit.MILLISECONDS);
    }
}
