package dev.vmplane.ingress;

import static dev.vmplane.Samples.NOW;
import static dev.vmplane.Samples.running;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Await;
import dev.vmplane.bus.Address;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What the ingress does when a guest, a client or a limit gets in the way. */
@ExtendWith(VertxExtension.class)
class IngressFailureTest {
    private static final Reason DELETED = new Reason(ReasonCode.DELETED, "the job was deleted");

    private IngressFixture ingress;

    @BeforeEach
    void startIngress(Vertx vertx) {
        ingress = new IngressFixture(vertx);
    }

    @Test
    void aGuestThatDoesNotAcceptIsPassedOverEvenWithABody() {
        ingress.route(ingress.nextAddress(), 1);
        ingress.guest(request -> request.response().end("alive"));

        for (var n = 0; n < 4; n++) {
            var answer = Await.of(ingress.client
                    .request(ingress.to("web.example.com", "/").setMethod(HttpMethod.POST))
                    .compose(request -> request.send("body"))
                    .compose(HttpClientResponse::body));
            assertThat(answer).hasToString("alive");
        }
    }

    @Test
    void aJobWhoseOnlyGuestDoesNotAcceptIsABadGateway() {
        ingress.route(ingress.nextAddress(), 1);

        var answer = ingress.answerTo("web.example.com");

        assertThat(answer.status()).isEqualTo(502);
        assertThat(answer.problem().getString("code")).isEqualTo("backend_unreachable");
    }

    @Test
    void aWriteThatMayHaveArrivedIsNotSentTwice() {
        var calls = new AtomicInteger();
        var dying = ingress.rawGuest(socket -> socket.handler(head -> {
            calls.incrementAndGet();
            socket.close();
        }));

        var answer = Await.of(ingress.client
                .request(ingress.to("web.example.com", "/").setMethod(HttpMethod.POST))
                .compose(request -> request.send("pay")));

        assertThat(answer.statusCode()).isEqualTo(502);
        assertThat(calls).hasValue(1);
        Await.until(0, () -> ingress.bus.ask(Address.INGRESS_OUTSTANDING, dying));
    }

    @Test
    void aReadIsTriedAgainWhenAGuestDiesBeforeItAnswers() {
        ingress.rawGuest(socket -> socket.handler(head -> socket.close()));
        ingress.guest(request -> request.response().end("alive"));

        for (var n = 0; n < 4; n++) {
            assertThat(Await.of(ingress.textOf("web.example.com"))).isEqualTo("alive");
        }
    }

    @Test
    void anAnswerThatBreaksOffIsSeenToBreakOff() {
        var vmId = ingress.rawGuest(socket ->
                socket.handler(head -> socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf of it")
                        .onComplete(written -> socket.close())));

        var failure = Await.failureOf(ingress.get("web.example.com").compose(HttpClientResponse::body));

        assertThat(failure).hasMessageContaining("closed");
        Await.until(0, () -> ingress.bus.ask(Address.INGRESS_OUTSTANDING, vmId));
    }

    @Test
    void aDrainingVmFinishesWhatItHasAndGetsNothingNew() {
        var held = new ConcurrentLinkedQueue<HttpServerRequest>();
        var vmId = ingress.guest(held::add);
        var underWay = ingress.textOf("web.example.com");
        Await.until(1, () -> Future.succeededFuture(held.size()));

        var seq = ingress.store.move(vmId, running().toDraining(NOW, NOW, DELETED));
        Await.of(ingress.bus.ask(Address.INGRESS_CAUGHT_UP, seq));

        assertThat(ingress.answerTo("web.example.com").status()).isEqualTo(503);
        assertThat(Await.of(ingress.bus.ask(Address.INGRESS_OUTSTANDING, vmId))).isEqualTo(1);
        held.remove().response().end("done");
        assertThat(Await.of(underWay)).isEqualTo("done");
        Await.until(0, () -> ingress.bus.ask(Address.INGRESS_OUTSTANDING, vmId));
    }

    @Test
    void aClientThatLeavesIsNotCountedAndTheGuestHearsOfIt() {
        Promise<Void> heard = Promise.promise();
        var vmId = ingress.guest(request -> request.response().closeHandler(closed -> heard.tryComplete()));
        var socket = Await.of(ingress.netClient.connect(ingress.port, "127.0.0.1"));
        socket.write("GET / HTTP/1.1\r\nHost: web.example.com\r\n\r\n");
        Await.until(1, () -> ingress.bus.ask(Address.INGRESS_OUTSTANDING, vmId));

        Await.of(socket.close());

        Await.of(heard.future());
        Await.until(0, () -> ingress.bus.ask(Address.INGRESS_OUTSTANDING, vmId));
    }

    @Test
    void aGuestThatStaysSilentIsAGatewayTimeout() {
        var impatient = ingress.listen(new IngressSettings("127.0.0.1", 0, Duration.ofSeconds(1), 64, 64));
        ingress.guest(request -> {});

        var answer = Await.of(ingress.client
                .request(ingress.to("web.example.com", "/").setPort(impatient))
                .compose(request -> request.send()));

        assertThat(answer.statusCode()).isEqualTo(504);
    }

    @Test
    void moreRequestsThanMayWaitForAGuestAreTurnedAway() {
        var narrow = ingress.listen(new IngressSettings("127.0.0.1", 0, Duration.ofSeconds(60), 1, 1));
        var held = new ConcurrentLinkedQueue<HttpServerRequest>();
        var vmId = ingress.guest(held::add);
        var first = ingress.client
                .request(ingress.to("web.example.com", "/").setPort(narrow))
                .compose(request -> request.send());
        Await.until(1, () -> Future.succeededFuture(held.size()));
        var second = ingress.client
                .request(ingress.to("web.example.com", "/").setPort(narrow))
                .compose(request -> request.send());
        Await.until(2, () -> ingress.bus.ask(Address.INGRESS_OUTSTANDING, vmId));

        var third = Await.of(ingress.client
                .request(ingress.to("web.example.com", "/").setPort(narrow))
                .compose(request -> request.send()));

        assertThat(third.statusCode()).isEqualTo(503);
        assertThat(third.getHeader("retry-after")).isEqualTo("1");
        held.remove().response().end();
        Await.until(1, () -> Future.succeededFuture(held.size()));
        held.remove().response().end();
        assertThat(List.of(Await.of(first).statusCode(), Await.of(second).statusCode()))
                .containsOnly(200);
    }
}
