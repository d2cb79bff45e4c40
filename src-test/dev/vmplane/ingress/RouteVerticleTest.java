package dev.vmplane.ingress;

import static dev.vmplane.Samples.service;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Await;
import dev.vmplane.FakeStore;
import dev.vmplane.ManualTime;
import dev.vmplane.Samples;
import dev.vmplane.bus.Address;
import dev.vmplane.bus.Bus;
import dev.vmplane.model.Changes;
import dev.vmplane.model.Event;
import dev.vmplane.model.EventType;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(VertxExtension.class)
class RouteVerticleTest {
    private final FakeStore store = new FakeStore();
    private final RouteTable table = new RouteTable();
    private final ManualTime time = new ManualTime();

    @Test
    void whatWasCommittedBeforeTheStartIsRouted(Vertx vertx) {
        Await.of(vertx.deployVerticle(store));
        store.keep(service("web"));

        Await.of(vertx.deployVerticle(new RouteVerticle(table, time)));

        assertThat(table.find("web.local")).isPresent();
        assertThat(table.applied()).isEqualTo(1);
    }

    @Test
    void caughtUpIsAnsweredOnceTheCommitIsApplied(Vertx vertx) {
        var bus = start(vertx);
        var answer = bus.ask(Address.INGRESS_CAUGHT_UP, 2L);
        store.keep(service("web"));
        assertThat(answer.isComplete()).isFalse();

        store.keep(service("shop"));

        assertThat(Await.of(answer)).isGreaterThanOrEqualTo(2);
    }

    @Test
    void caughtUpIsRefusedWhenTheCommitDoesNotCome(Vertx vertx) {
        var bus = start(vertx);
        var answer = bus.ask(Address.INGRESS_CAUGHT_UP, 7L);
        Await.until(1, () -> Future.succeededFuture(time.pending()));

        time.advance(Duration.ofSeconds(5));

        assertThat(Await.failureOf(answer)).hasMessageContaining("did not reach event 7 in time");
    }

    @Test
    void aCommitThatNeverArrivedIsMendedFromTheStore(Vertx vertx) {
        var bus = start(vertx);
        var next = new Event(2, Samples.NOW, EventType.JOB_CREATED, null, null, null, Map.of());
        store.mute();
        store.keep(service("web"));

        bus.publish(
                Address.COMMITTED,
                new Changes(List.of(), List.of(), List.of(), List.of(), List.of(), List.of(), List.of(next)));

        Await.until(1L, () -> Future.succeededFuture(table.applied()));
        assertThat(table.find("web.local")).isPresent();
    }

    private Bus start(Vertx vertx) {
        Await.of(vertx.deployVerticle(store));
        Await.of(vertx.deployVerticle(new RouteVerticle(table, time)));
        return new Bus(vertx);
    }
}
