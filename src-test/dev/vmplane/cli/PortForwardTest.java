package dev.vmplane.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmplane.Await;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A forwarded port in front of a load balancer that the test plays. */
@Timeout(30)
class PortForwardTest {
    private final ScriptedServer ingress = new ScriptedServer();
    private final Vertx vertx = Vertx.vertx();
    private final PortForward forward = PortForward.open(0, new Ingress("127.0.0.1", ingress.port()), "web-1");

    @AfterEach
    void stop() {
        forward.close();
        Await.of(vertx.close());
        ingress.close();
    }

    @Test
    void requestsGoToTheJobsNameWhateverTheyWereSentTo() {
        ingress.handles("GET /path", asked -> asked.response().end(asked.getHeader("host")));

        var client = vertx.createHttpClient();
        for (int n = 0; n < 3; n++) {
            var body = client.request(io.vertx.core.http.HttpMethod.GET, forward.port(), "localhost", "/path")
                    .compose(request -> request.send())
                    .compose(response -> response.body());
            assertThat(Await.of(body)).hasToString("web-1.localhost");
        }
    }

    @Test
    void bodiesPassBothWays() {
        ingress.answers("POST /large", 200, "x".repeat(1_000_000));

        var body = vertx.createHttpClient()
                .request(io.vertx.core.http.HttpMethod.POST, forward.port(), "localhost", "/large")
                .compose(request -> request.send(Buffer.buffer("y".repeat(1_000_000))))
                .compose(response -> response.body());
        assertThat(Await.of(body).length()).isEqualTo(1_000_000);
        assertThat(ingress.asked().get(0)).hasSize("POST /large ".length() + 1_000_000);
    }

    @Test
    void webSocketsPass() {
        ingress.handles(
                "GET /ws",
                asked -> asked.toWebSocket()
                        .onSuccess(socket -> socket.textMessageHandler(
                                text -> socket.writeTextMessage(asked.getHeader("host") + " " + text))));
        var heard = Promise.<String>promise();

        var socket = Await.of(vertx.createWebSocketClient().connect(forward.port(), "localhost", "/ws"));
        socket.textMessageHandler(heard::tryComplete);
        Await.of(socket.writeTextMessage("hello"));
        assertThat(Await.of(heard.future())).isEqualTo("web-1.localhost hello");
    }

    @Test
    void withoutALoadBalancerTheAnswerSaysSo() throws IOException {
        int nobody;
        try (var taken = new ServerSocket(0)) {
            nobody = taken.getLocalPort();
        }
        try (var lost = PortForward.open(0, new Ingress("127.0.0.1", nobody), "web-1");
                var client = new Socket(InetAddress.getLoopbackAddress(), lost.port())) {
            client.getOutputStream().write("GET / HTTP/1.1\r\nhost: x\r\n\r\n".getBytes(UTF_8));
            assertThat(new String(client.getInputStream().readAllBytes(), UTF_8))
                    .startsWith("HTTP/1.1 502 ");
        }
    }

    @Test
    void aPortInUseIsSaidToBe() {
        var entrance = new Ingress("127.0.0.1", 8080);

        assertThatThrownBy(() -> PortForward.open(forward.port(), entrance, "web-1"))
                .hasMessageStartingWith("port " + forward.port() + " of 127.0.0.1 cannot lead to job web-1: ");
    }
}
