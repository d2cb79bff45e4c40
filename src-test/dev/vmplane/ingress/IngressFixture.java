package dev.vmplane.ingress;

import static dev.vmplane.Samples.owner;
import static dev.vmplane.Samples.running;
import static dev.vmplane.Samples.service;

import dev.vmplane.Await;
import dev.vmplane.FakeStore;
import dev.vmplane.Samples;
import dev.vmplane.bus.Address;
import dev.vmplane.bus.Bus;
import dev.vmplane.bus.VertxTime;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetSocket;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** The ingress over a fake store that knows the service {@code web}; guests listen on addresses of 127.64.0.0/16. */
final class IngressFixture {
    final FakeStore store = new FakeStore();
    private final RouteTable table = new RouteTable();
    private final Vertx vertx;
    final Bus bus;
    // Vert.x closes a client, with its connections, once nobody refers to it.
    final HttpClient client;
    final NetClient netClient;
    final WebSocketClient webSocketClient;
    final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final IngressMeters meters = new IngressMeters(registry);
    final int port;
    private int guests;

    IngressFixture(Vertx vertx) {
        this.vertx = vertx;
        bus = new Bus(vertx);
        client = vertx.createHttpClient();
        netClient = vertx.createNetClient();
        webSocketClient = vertx.createWebSocketClient();
        Await.of(vertx.deployVerticle(store));
        Await.of(vertx.deployVerticle(new RouteVerticle(table, new VertxTime(vertx), meters)));
        port = listen(new IngressSettings("127.0.0.1", 0, Duration.ofSeconds(60), 64, 64));
        Await.of(bus.ask(Address.INGRESS_CAUGHT_UP, store.keep(service("web"))));
    }

    int listen(IngressSettings settings) {
        var ingress = new IngressVerticle(settings, table, new VertxTime(vertx), meters);
        Await.of(vertx.deployVerticle(ingress));
        return ingress.port();
    }

    /** Starts a guest that serves the job {@code web}, and answers the id of its VM. */
    String guest(Handler<HttpServerRequest> handler) {
        return serve(vertx.createHttpServer().requestHandler(handler));
    }

    String webSocketGuest() {
        return serve(vertx.createHttpServer()
                .webSocketHandler(socket -> socket.textMessageHandler(socket::writeTextMessage)));
    }

    String serve(HttpServer server) {
        var address = nextAddress();
        return route(address, Await.of(server.listen(0, address)).actualPort());
    }

    String rawGuest(Handler<NetSocket> handler) {
        var address = nextAddress();
        var server = Await.of(vertx.createNetServer().connectHandler(handler).listen(0, address));
        return route(address, server.actualPort());
    }

    String nextAddress() {
        return "127.64.0." + ++guests;
    }

    String route(String address, int guestPort) {
        var vmId = "vm-" + guests;
        var seq = store.keep(Samples.vm(vmId, owner("web", guests), running(), address, guestPort));
        Await.of(bus.ask(Address.INGRESS_CAUGHT_UP, seq));
        return vmId;
    }

    RequestOptions to(String host, String uri) {
        return new RequestOptions()
                .setHost("127.0.0.1")
                .setPort(port)
                .setURI(uri)
                .putHeader("host", host);
    }

    Future<HttpClientResponse> get(String host) {
        return get(host, "/", options -> {});
    }

    Future<HttpClientResponse> get(String host, String uri, Handler<RequestOptions> more) {
        var options = to(host, uri);
        more.handle(options);
        return client.request(options).compose(request -> request.send());
    }

    Future<String> textOf(String host) {
        return Await.onLoop(vertx, () -> get(host).compose(HttpClientResponse::body))
                .map(Buffer::toString);
    }

    Answer answerTo(String host) {
        return Await.of(Await.onLoop(
                vertx,
                () -> get(host)
                        .compose(response -> response.body()
                                .map(body -> new Answer(
                                        response.statusCode(),
                                        response.getHeader("content-type"),
                                        response.getHeader("retry-after"),
                                        body.toJsonObject())))));
    }

    /** Says a request head on a bare connection, and answers all that is said back until it closes. */
    Future<String> raw(String... head) {
        Promise<String> said = Promise.promise();
        Queue<String> heard = new ConcurrentLinkedQueue<>();
        netClient.connect(port, "127.0.0.1").onSuccess(socket -> {
            socket.handler(part -> heard.add(part.toString()));
            socket.closeHandler(closed -> said.complete(String.join("", heard)));
            socket.write(String.join("\r\n", head) + "\r\n\r\n");
        });
        return said.future();
    }

    /** An answer the ingress gave by itself. */
    record Answer(int status, String type, String retryAfter, JsonObject problem) {}
}
