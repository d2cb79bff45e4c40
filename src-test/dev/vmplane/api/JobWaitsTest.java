package dev.vmplane.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Await;
import dev.vmplane.ManualTime;
import dev.vmplane.bus.Bus;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(VertxExtension.class)
class JobWaitsTest {
    private static final int MAX_WAITING = 1000;

    @Test
    void oneMoreThanMayWaitIsTurnedAwayBeforeItDoesAnything(Vertx vertx) {
        var waits = new JobWaits(new Bus(vertx), new ManualTime());
        Promise<String> pending = Promise.promise();
        IntStream.range(0, MAX_WAITING).forEach(n -> waits.admit(pending::future));

        var refused = (RefusedException) Await.failureOf(waits.admit(() -> {
            throw new AssertionError("it was let in");
        }));

        assertThat(refused.refusal().kind()).isEqualTo(Refusal.Kind.BUSY);
        pending.complete("done");
        assertThat(Await.of(waits.admit(() -> Future.succeededFuture("let in"))))
                .isEqualTo("let in");
    }
}
