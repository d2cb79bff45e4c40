package dev.vmplane.ingress;

import static dev.vmplane.Samples.service;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Await;
import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.DeleteJob;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.WebSocketConnectOptions;
import io.vertx.junit5.VertxExtension;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(VertxExtension.class)
class IngressMetersTest {
    private IngressFixture ingress;

    @BeforeEach
    void startIngress(Vertx vertx) {
        ingress = new IngressFixture(vertx);
    }

    @Test
    void aRequestIsTimedAndCountedUnderItsJobByTheClassOfItsAnswer() {
        ingress.guest(request -> request.response().setStatusCode(302).end("elsewhere"));

        visit("web.example.com");

        until("web", "3xx", 1);
        assertThat(timed("web")).isOne();
    }

    @Test
    void whatTheIngressAnswersItselfIsCountedByItsReason() {
        visit("web.example.com");
        visit("nobody.example.com");

        until("web", "5xx", 1);
        assertThat(rejected("none_ready")).isOne();
        assertThat(rejected("unknown_host")).isOne();
    }

    @Test
    void anAnswerThatBreaksOffIsNoSuccess() {
        ingress.guest(request -> request.response()
                .setChunked(true)
                .write("half of it")
                .onSuccess(sent -> request.connection().close()));

        ingress.textOf("web.example.com").otherwise("broken off");

        until("web", "broken_off", 1);
    }

    @Test
    void aWebSocketCountsOnceItHasClosedAndItsLengthIsNoLatency() {
        ingress.webSocketGuest();
        var socket = Await.of(ingress.webSocketClient.connect(new WebSocketConnectOptions()
                .setHost("127.0.0.1")
                .setPort(ingress.port)
                .putHeader("host", "web.example.com")
                .setURI("/live")));

        Await.of(socket.close());

        until("web", "1xx", 1);
        assertThat(timed("web")).isZero();
    }

    @Test
    void aHundredJobsHaveSeriesOfTheirOwnAndTheRestShareOne() {
        IntStream.rangeClosed(0, 100).forEach(n -> {
            var seq = ingress.store.keep(service("job-" + n));
            Await.of(ingress.bus.ask(Address.INGRESS_CAUGHT_UP, seq));
            visit("job-" + n + ".example.com");
        });

        until("job-99", "5xx", 1);
        until("other", "5xx", 1);
    }

    @Test
    void aJobThatIsGoneLeavesNoSeries() {
        visit("web.example.com");
        until("web", "5xx", 1);

        Await.of(ingress.bus.ask(Address.STORE_JOB_DELETE, new DeleteJob("web", null)));

        Await.until(
                true,
                () -> Future.succeededFuture(ingress.registry.getMeters().stream()
                        .noneMatch(meter -> "web".equals(meter.getId().getTag("job_id")))));
    }

    /** Waits for the last byte where the first arrives, so that none can come before anybody waits. */
    private void visit(String host) {
        Await.of(ingress.client
                .request(ingress.to(host, "/"))
                .compose(request -> request.send().compose(HttpClientResponse::body)));
    }

    private void until(String job, String outcome, int requests) {
        Await.until(requests, () -> Future.succeededFuture((int) requests(job, outcome)));
    }

    private double requests(String job, String outcome) {
        var counter = ingress.registry
                .find("vmplane.ingress.requests")
                .tag("job_id", job)
                .tag("outcome", outcome)
                .counter();
        return counter == null ? 0 : counter.count();
    }

    private long timed(String job) {
        return ingress.registry
                .get("vmplane.ingress.request")
                .tag("job_id", job)
                .timer()
                .count();
    }

    private double rejected(String reason) {
        return ingress.registry
                .get("vmplane.ingress.rejections")
                .tag("reason", reason)
                .counter()
                .count();
    }
}
