package dev.vmplane.ingress;

import static dev.vmplane.Samples.NOW;
import static dev.vmplane.Samples.owner;
import static dev.vmplane.Samples.running;
import static dev.vmplane.Samples.service;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Await;
import dev.vmplane.FakeStore;
import dev.vmplane.Samples;
import dev.vmplane.bus.Address;
import dev.vmplane.bus.Bus;
import dev.vmplane.bus.VertxTime;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.http.WebSocketConnectOptions;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.NetSocket;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The ingress between real clients and real servers; guests listen on addresses of 127.64.0.0/16. */
@ExtendWith(VertxExtension.class)
class IngressTest {
    private static final Reason DELETED = new Reason(ReasonCode.DELETED, "the job was deleted");

    private final FakeStore store = new FakeStore();
    private final RouteTable table = new RouteTable();
    private Vertx vertx;
    private Bus bus;
    private HttpClient client;
    private int port;
    private int guests;

    @BeforeEach
    void startIngress(Vertx vertx) {
        this.vertx = vertx;
        bus = new Bus(vertx);
        client = vertx.createHttpClient();
        Await.of(vertx.deployVerticle(store));
        Await.of(vertx.deployVerticle(new RouteVerticle(table, new VertxTime(vertx))));
        port = listen(new IngressSettings("127.0.0.1", 0, Duration.ofSeconds(60), 64, 64));
        store.keep(service("web"));
    }

    @Test
    void aGuestSeesTheHostThatWasAskedForAndWhoAsked() {
        guest(request -> request.response().end(headersOf(request).toBuffer()));

        var seen = Await.of(get(
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
        var answer = answerTo("nobody.example.com");

        assertThat(answer.status).isEqualTo(404);
        assertThat(answer.problem.getString("code")).isEqualTo("unknown_host");
        assertThat(answer.type).isEqualTo("application/problem+json");
    }

    @Test
    void aJobWithoutAReadyVmAsksToTryAgain() {
        var answer = answerTo("web.example.com");

        assertThat(answer.status).isEqualTo(503);
        assertThat(answer.problem.getString("code")).isEqualTo("none_ready");
        assertThat(answer.retryAfter).isEqualTo("1");
    }

    @Test
    void requestsAreSpreadAndABusyGuestGetsNone() {
        var held = new ConcurrentLinkedQueue<HttpServerRequest>();
        var busy = guest(held::add);
        var first = textOf("web.example.com");
        Await.until(1, () -> bus.ask(Address.INGRESS_OUTSTANDING, busy));
        var seen = new HashSet<String>();
        guest(request -> request.response().end("b"));
        guest(request -> request.response().end("c"));

        IntStream.range(0, 8).forEach(n -> seen.add(Await.of(textOf("web.example.com"))));
        held.remove().response().end("a");

        assertThat(seen).containsExactlyInAnyOrder("b", "c");
        assertThat(Await.of(first)).isEqualTo("a");
    }

    @Test
    void aBodyReachesTheGuestAndComesBack() {
        guest(request -> request.pipeTo(request.response().setChunked(true)));
        var sent = Buffer.buffer("x".repeat(300_000));

        var received = Await.of(client.request(to("web.example.com", "/").setMethod(HttpMethod.POST))
                .compose(request -> request.send(sent))
                .compose(HttpClientResponse::body));

        assertThat(received).isEqualTo(sent);
    }

    @Test
    void aWebSocketPassesAndCountsUntilItCloses() {
        var vmId = webSocketGuest();

        var socket = Await.of(vertx.createWebSocketClient()
                .connect(new WebSocketConnectOptions()
                        .setHost("127.0.0.1")
                        .setPort(port)
                        .putHeader("host", "web.example.com")
                        .setURI("/live")));
        Promise<String> echoed = Promise.promise();
        socket.textMessageHandler(echoed::tryComplete);
        Await.of(socket.writeTextMessage("hello"));

        assertThat(Await.of(echoed.future())).isEqualTo("hello");
        assertThat(Await.of(bus.ask(Address.INGRESS_OUTSTANDING, vmId))).isEqualTo(1);
        Await.of(socket.close());
        Await.until(0, () -> bus.ask(Address.INGRESS_OUTSTANDING, vmId));
    }

    @Test
    void aGuestThatRefusesAWebSocketIsHeard() {
        guest(request -> request.response().setStatusCode(403).end("not you"));

        var answer = Await.of(client.request(to("web.example.com", "/live")
                        .putHeader("connection", "keep-alive, Upgrade")
                        .putHeader("upgrade", "websocket"))
                .compose(request -> request.send())
                .compose(response -> response.body().map(body -> response.statusCode() + " " + body)));

        assertThat(answer).isEqualTo("403 not you");
    }

    @Test
    void aGuestThatDoesNotAcceptIsPassedOverEvenWithABody() {
        route(nextAddress(), 1);
        guest(request -> request.response().end("alive"));

        for (var n = 0; n < 4; n++) {
            var answer = Await.of(client.request(to("web.example.com", "/").setMethod(HttpMethod.POST))
                    .compose(request -> request.send("body"))
                    .compose(HttpClientResponse::body));
            assertThat(answer).hasToString("alive");
        }
    }

    @Test
    void aJobWhoseOnlyGuestDoesNotAcceptIsABadGateway() {
        route(nextAddress(), 1);

        var answer = answerTo("web.example.com");

        assertThat(answer.status).isEqualTo(502);
        assertThat(answer.problem.getString("code")).isEqualTo("backend_unreachable");
    }

    @Test
    void aWriteThatMayHaveArrivedIsNotSentTwice() {
        var calls = new AtomicInteger();
        var dying = rawGuest(socket -> socket.handler(head -> {
            calls.incrementAndGet();
            socket.close();
        }));

        var answer = Await.of(client.request(to("web.example.com", "/").setMethod(HttpMethod.POST))
                .compose(request -> request.send("pay")));

        assertThat(answer.statusCode()).isEqualTo(502);
        assertThat(calls).hasValue(1);
        Await.until(0, () -> bus.ask(Address.INGRESS_OUTSTANDING, dying));
    }

    @Test
    void aReadIsTriedAgainWhenAGuestDiesBeforeItAnswers() {
        rawGuest(socket -> socket.handler(head -> socket.close()));
        guest(request -> request.response().end("alive"));

        for (var n = 0; n < 4; n++) {
            assertThat(Await.of(textOf("web.example.com"))).isEqualTo("alive");
        }
    }

    @Test
    void anAnswerThatBreaksOffIsSeenToBreakOff() {
        var vmId = rawGuest(socket ->
                socket.handler(head -> socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf of it")
                        .onComplete(written -> socket.close())));

        var failure = Await.failureOf(get("web.example.com").compose(HttpClientResponse::body));

        assertThat(failure).hasMessageContaining("closed");
        Await.until(0, () -> bus.ask(Address.INGRESS_OUTSTANDING, vmId));
    }

    @Test
    void aDrainingVmFinishesWhatItHasAndGetsNothingNew() {
        var held = new ConcurrentLinkedQueue<HttpServerRequest>();
        var vmId = guest(held::add);
        var underWay = textOf("web.example.com");
        Await.until(1, () -> Future.succeededFuture(held.size()));

        var seq = store.move(vmId, running().toDraining(NOW, NOW, DELETED));
        Await.of(bus.ask(Address.INGRESS_CAUGHT_UP, seq));

        assertThat(answerTo("web.example.com").status).isEqualTo(503);
        assertThat(Await.of(bus.ask(Address.INGRESS_OUTSTANDING, vmId))).isEqualTo(1);
        held.remove().response().end("done");
        assertThat(Await.of(underWay)).isEqualTo("done");
        Await.until(0, () -> bus.ask(Address.INGRESS_OUTSTANDING, vmId));
    }

    @Test
    void aClientThatLeavesIsNotCountedAndTheGuestHearsOfIt() {
        Promise<Void> heard = Promise.promise();
        var vmId = guest(request -> request.response().closeHandler(closed -> heard.tryComplete()));
        var socket = Await.of(vertx.createNetClient().connect(port, "127.0.0.1"));
        socket.write("GET / HTTP/1.1\r\nHost: web.example.com\r\n\r\n");
        Await.until(1, () -> bus.ask(Address.INGRESS_OUTSTANDING, vmId));

        Await.of(socket.close());

        Await.of(heard.future());
        Await.until(0, () -> bus.ask(Address.INGRESS_OUTSTANDING, vmId));
    }

    @Test
    void aGuestThatStaysSilentIsAGatewayTimeout() {
        var impatient = listen(new IngressSettings("127.0.0.1", 0, Duration.ofSeconds(1), 64, 64));
        guest(request -> {});

        var answer = Await.of(
                client.request(to("web.example.com", "/").setPort(impatient)).compose(request -> request.send()));

        assertThat(answer.statusCode()).isEqualTo(504);
    }

    @Test
    void moreRequestsThanMayWaitForAGuestAreTurnedAway() {
        var narrow = listen(new IngressSettings("127.0.0.1", 0, Duration.ofSeconds(60), 1, 1));
        var held = new ConcurrentLinkedQueue<HttpServerRequest>();
        var vmId = guest(held::add);
        var first = client.request(to("web.example.com", "/").setPort(narrow)).compose(request -> request.send());
        Await.until(1, () -> Future.succeededFuture(held.size()));
        var second = client.request(to("web.example.com", "/").setPort(narrow)).compose(request -> request.send());
        Await.until(2, () -> bus.ask(Address.INGRESS_OUTSTANDING, vmId));

        var third = Await.of(
                client.request(to("web.example.com", "/").setPort(narrow)).compose(request -> request.send()));

        assertThat(third.statusCode()).isEqualTo(503);
        assertThat(third.getHeader("retry-after")).isEqualTo("1");
        held.remove().response().end();
        Await.until(1, () -> Future.succeededFuture(held.size()));
        held.remove().response().end();
        assertThat(List.of(Await.of(first).statusCode(), Await.of(second).statusCode()))
                .containsOnly(200);
    }

    @Test
    void aRequestWhoseEndIsUnclearIsRefused() {
        guest(request -> request.response().end("smuggled"));

        var answer = Await.of(
                raw("POST / HTTP/1.1", "Host: web.example.com", "Transfer-Encoding: gzip", "Connection: close"));

        assertThat(answer).startsWith("HTTP/1.1 400 ");
    }

    @Test
    void anOldClientGetsAnAnswerOfUnknownLengthUnframed() {
        guest(request -> {
            var response = request.response().setChunked(true);
            response.write("one ");
            response.end("two");
        });

        var answer = Await.of(raw("GET / HTTP/1.0", "Host: web.example.com"));

        assertThat(answer).doesNotContainIgnoringCase("chunked").endsWith("\r\n\r\none two");
    }

    @Test
    void aHeadRequestKeepsItsLengthAndHasNoBody() {
        guest(request -> request.response().putHeader("content-length", "7").end());

        var answer = Await.of(raw("HEAD / HTTP/1.1", "Host: web.example.com", "Connection: close"));

        assertThat(answer).containsIgnoringCase("content-length: 7").endsWith("\r\n\r\n");
    }

    private int listen(IngressSettings settings) {
        var ingress = new IngressVerticle(settings, table, new VertxTime(vertx));
        Await.of(vertx.deployVerticle(ingress));
        return ingress.port();
    }

    /** Starts a guest that serves the job {@code web}, and answers the id of its VM. */
    private String guest(Handler<HttpServerRequest> handler) {
        return serve(vertx.createHttpServer().requestHandler(handler));
    }

    private String webSocketGuest() {
        return serve(vertx.createHttpServer()
                .webSocketHandler(socket -> socket.textMessageHandler(socket::writeTextMessage)));
    }

    private String serve(HttpServer server) {
        var address = nextAddress();
        return route(address, Await.of(server.listen(0, address)).actualPort());
    }

    private String rawGuest(Handler<NetSocket> handler) {
        var address = nextAddress();
        var server = Await.of(vertx.createNetServer().connectHandler(handler).listen(0, address));
        return route(address, server.actualPort());
    }

    private String nextAddress() {
        return "127.64.0." + ++guests;
    }

    private String route(String address, int guestPort) {
        var vmId = "vm-" + guests;
        var seq = store.keep(Samples.vm(vmId, owner("web", guests), running(), address, guestPort));
        Await.of(bus.ask(Address.INGRESS_CAUGHT_UP, seq));
        return vmId;
    }

    private RequestOptions to(String host, String uri) {
        return new RequestOptions()
                .setHost("127.0.0.1")
                .setPort(port)
                .setURI(uri)
                .putHeader("host", host);
    }

    private Future<HttpClientResponse> get(String host) {
        return get(host, "/", options -> {});
    }

    private Future<HttpClientResponse> get(String host, String uri, Handler<RequestOptions> more) {
        var options = to(host, uri);
        more.handle(options);
        return client.request(options).compose(request -> request.send());
    }

    private Future<String> textOf(String host) {
        return get(host).compose(HttpClientResponse::body).map(Buffer::toString);
    }

    private Answer answerTo(String host) {
        return Await.of(get(host)
                .compose(response -> response.body()
                        .map(body -> new Answer(
                                response.statusCode(),
                                response.getHeader("content-type"),
                                response.getHeader("retry-after"),
                                body.toJsonObject()))));
    }

    /** Says a request head on a bare connection, and answers all that is said back until it closes. */
    private Future<String> raw(String... head) {
        Promise<String> said = Promise.promise();
        Queue<String> heard = new ConcurrentLinkedQueue<>();
        vertx.createNetClient().connect(port, "127.0.0.1").onSuccess(socket -> {
            socket.handler(part -> heard.add(part.toString()));
            socket.closeHandler(closed -> said.complete(String.join("", heard)));
            socket.write(String.join("\r\n", head) + "\r\n\r\n");
        });
        return said.future();
    }

    private static JsonObject headersOf(HttpServerRequest request) {
        var seen = new JsonObject().put(":uri", request.uri());
        request.headers().forEach((name, value) -> seen.put(name.toLowerCase(Locale.ROOT), value));
        return seen;
    }

    private record Answer(int status, String type, String retryAfter, JsonObject problem) {}
}
