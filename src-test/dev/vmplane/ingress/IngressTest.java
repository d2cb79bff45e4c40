package dev.vmplane.ingress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Await;
import dev.vmplane.bus.Address;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.WebSocketConnectOptions;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.util.HashSet;
import java.util.Locale;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What passes the ingress between real clients and real guests, and how. */
@ExtendWith(VertxExtension.class)
class IngressTest {
    private IngressFixture ingress;

    @BeforeEach
    void startIngress(Vertx vertx) {
        ingress = new IngressFixture(vertx);
    }

    @Test
    void aGuestSeesTheHostThatWasAskedForAndWhoAsked() {
        ingress.guest(request -> request.response().end(headersOf(request).toBuffer()));

        var seen = Await.of(ingress.get(
                        "web.example.com",
                        "/a?b=c",
                        options -> options.putHeader("x-forwarded-for", "6.6.6.6")
                                .putHeader("X-Forwarded-Port", "1")
                                .putHeader("forwarded", "for=6.6.6.6")
                                .putHeader("connection", "x-secret")
                                .putHeader("x-secret", "for one hop"))
                .compose(HttpClientResponse::body)
                .map(Buffer::toJsonObject));

        assertThat(seen.getMap())
                .containsEntry("host", "web.example.com")
                .containsEntry("x-forwarded-for", "127.0.0.1")
                .containsEntry("x-forwarded-host", "web.example.com")
                .containsEntry("x-forwarded-proto", "http")
                .containsEntry(":uri", "/a?b=c")
                .doesNotContainKeys("x-forwarded-port", "forwarded", "connection", "x-secret");
    }

    @Test
    void anUnknownHostIsNotFound() {
        var answer = ingress.answerTo("nobody.example.com");

        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.problem().getString("code")).isEqualTo("unknown_host");
        assertThat(answer.type()).isEqualTo("application/problem+json");
    }

    @Test
    void aJobWithoutAReadyVmAsksToTryAgain() {
        var answer = ingress.answerTo("web.example.com");

        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.problem().getString("code")).isEqualTo("none_ready");
        assertThat(answer.retryAfter()).isEqualTo("1");
    }

    @Test
    void requestsAreSpreadAndABusyGuestGetsNone() {
        var held = new ConcurrentLinkedQueue<HttpServerRequest>();
        var busy = ingress.guest(held::add);
        var first = ingress.textOf("web.example.com");
        Await.until(1, () -> ingress.bus.ask(Address.INGRESS_OUTSTANDING, busy));
        var seen = new HashSet<String>();
        ingress.guest(request -> request.response().end("b"));
        ingress.guest(request -> request.response().end("c"));

        IntStream.range(0, 8).forEach(n -> seen.add(Await.of(ingress.textOf("web.example.com"))));
        held.remove().response().end("a");

        assertThat(seen).containsExactlyInAnyOrder("b", "c");
        assertThat(Await.of(first)).isEqualTo("a");
    }

    @Test
    void aBodyReachesTheGuestAndComesBack() {
        ingress.guest(request -> request.pipeTo(request.response().setChunked(true)));
        var sent = Buffer.buffer("x".repeat(300_000));

        var received = Await.of(ingress.client
                .request(ingress.to("web.example.com", "/").setMethod(HttpMethod.POST))
                .compose(request -> request.send(sent))
                .compose(HttpClientResponse::body));

        assertThat(received).isEqualTo(sent);
    }

    @Test
    void aWebSocketPassesAndCountsUntilItCloses() {
        var vmId = ingress.webSocketGuest();

        var socket = Await.of(ingress.webSocketClient.connect(new WebSocketConnectOptions()
                .setHost("127.0.0.1")
                .setPort(ingress.port)
                .putHeader("host", "web.example.com")
                .setURI("/live")));
        Promise<String> echoed = Promise.promise();
        socket.textMessageHandler(echoed::tryComplete);
        Await.of(socket.writeTextMessage("hello"));

        assertThat(Await.of(echoed.future())).isEqualTo("hello");
        assertThat(Await.of(ingress.bus.ask(Address.INGRESS_OUTSTANDING, vmId))).isEqualTo(1);
        Await.of(socket.close());
        Await.until(0, () -> ingress.bus.ask(Address.INGRESS_OUTSTANDING, vmId));
    }

    @Test
    void aGuestThatRefusesAWebSocketIsHeard() {
        ingress.guest(request -> request.response().setStatusCode(403).end("not you"));

        var answer = Await.of(ingress.client
                .request(ingress.to("web.example.com", "/live")
                        .putHeader("connection", "keep-alive, Upgrade")
                        .putHeader("upgrade", "websocket"))
                .compose(request -> request.send())
                .compose(response -> response.body().map(body -> response.statusCode() + " " + body)));

        assertThat(answer).isEqualTo("403 not you");
    }

    @Test
    void aRequestWhoseEndIsUnclearIsRefused() {
        ingress.guest(request -> request.response().end("smuggled"));

        var answer = Await.of(ingress.raw(
                "POST / HTTP/1.1", "Host: web.example.com", "Transfer-Encoding: gzip", "Connection: close"));

        assertThat(answer).startsWith("HTTP/1.1 400 ");
    }

    @Test
    void anOldClientGetsAnAnswerOfUnknownLengthUnframed() {
        ingress.guest(request -> {
            var response = request.response().setChunked(true);
            response.write("one ");
            response.end("two");
        });

        var answer = Await.of(ingress.raw("GET / HTTP/1.0", "Host: web.example.com"));

        assertThat(answer).doesNotContainIgnoringCase("chunked").endsWith("\r\n\r\none two");
    }

    @Test
    void aHeadRequestKeepsItsLengthAndHasNoBody() {
        ingress.guest(
                request -> request.response().putHeader("content-length", "7").end());

        var answer = Await.of(ingress.raw("HEAD / HTTP/1.1", "Host: web.example.com", "Connection: close"));

        assertThat(answer).containsIgnoringCase("content-length: 7").endsWith("\r\n\r\n");
    }

    private static JsonObject headersOf(HttpServerRequest request) {
        var seen = new JsonObject().put(":uri", request.uri());
        request.headers().forEach((name, value) -> seen.put(name.toLowerCase(Locale.ROOT), value));
        return seen;
    }
}
