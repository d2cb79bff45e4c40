package dev.vmplane.vm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Await;
import dev.vmplane.ManualTime;
import dev.vmplane.bus.VertxTime;
import dev.vmplane.model.Health;
import dev.vmplane.model.Health.Kind;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetSocket;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Guests that answer well, badly or not at all, on real sockets. */
@ExtendWith(VertxExtension.class)
class HealthProbeTest {
    /** For guests that are to be waited for. */
    private static final Duration LONG = Duration.ofSeconds(20);

    /** For guests that never answer: it is always waited for. */
    private static final Duration SHORT = Duration.ofMillis(300);

    private final String address = Guest.nextAddress();
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicInteger closed = new AtomicInteger();
    private Vertx vertx;
    private HealthProbe probe;

    @BeforeEach
    void open(Vertx vertx) {
        this.vertx = vertx;
        probe = new HealthProbe(vertx, new VertxTime(vertx));
    }

    @ParameterizedTest
    @CsvSource({"200, true", "204, true", "302, true", "399, true", "400, false", "404, false", "500, false"})
    void anHttpStatusDecides(int status, boolean passes) {
        var port = guest(socket ->
                socket.handler(request -> socket.write("HTTP/1.1 " + status + " so\r\nContent-Length: 0\r\n\r\n")));

        assertThat(passes(Kind.HTTP, port, LONG)).isEqualTo(passes);
    }

    @Test
    void aGuestIsAskedForThePathOfItsCheck() {
        var asked = Promise.<String>promise();
        var port = guest(socket -> socket.handler(request -> {
            asked.tryComplete(request.toString());
            socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        }));

        passes(Kind.HTTP, port, LONG);

        assertThat(Await.of(asked.future())).startsWith("GET /health HTTP/1.1\r\n");
    }

    @Test
    void theBodyOfAnAnswerIsNotWaitedFor() {
        var port = guest(socket -> socket.handler(
                request -> socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\nendless")));

        assertThat(passes(Kind.HTTP, port, LONG)).isTrue();
    }

    @Test
    void noConnectionIsKept() {
        var port = guest(
                socket -> socket.handler(request -> socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")));

        passes(Kind.HTTP, port, LONG);

        untilAllAreClosed(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "good morning\r\n\r\n",
                "HTTP/1.1 abc OK\r\n\r\n",
                "HTTP/9.9 200 OK\r\n\r\n",
                "\0\0\0\0\0\0\0\0\r\n\r\n"
            })
    void anAnswerThatIsNotHttpIsAFailure(String garbage) {
        var port = guest(socket -> socket.handler(request -> socket.end(Buffer.buffer(garbage))));

        assertThat(passes(Kind.HTTP, port, LONG)).isFalse();
    }

    @Test
    void aHeaderWithoutEndIsNotReadToItsEnd() {
        var port = guest(socket -> socket.handler(request -> {
            socket.write("HTTP/1.1 200 OK\r\nX-Long: ");
            socket.write("x".repeat(64 * 1024));
        }));

        assertThat(passes(Kind.HTTP, port, LONG)).isFalse();
        untilAllAreClosed(1);
    }

    @Test
    void aGuestThatAcceptsAndSaysNothingFailsAtTheTimeoutEachTime() {
        var port = guest(socket -> socket.handler(request -> {}));

        assertThat(passes(Kind.HTTP, port, SHORT)).isFalse();
        assertThat(passes(Kind.HTTP, port, SHORT)).isFalse();
        assertThat(passes(Kind.HTTP, port, SHORT)).isFalse();

        untilAllAreClosed(3);
    }

    @Test
    void aGuestThatHangsUpIsAFailure() {
        var port = guest(socket -> socket.handler(request -> socket.close()));

        assertThat(passes(Kind.HTTP, port, LONG)).isFalse();
    }

    @ParameterizedTest
    @EnumSource(
            value = Kind.class,
            names = {"HTTP", "TCP"})
    void aGuestThatRefusesIsAFailure(Kind kind) {
        assertThat(passes(kind, portOfNobody(), LONG)).isFalse();
    }

    @Test
    void aTcpConnectionThatStaysOpenPasses() {
        var port = guest(socket -> {});

        assertThat(passes(Kind.TCP, port, LONG)).isTrue();
        untilAllAreClosed(1);
    }

    @Test
    void aTcpConnectionThatStaysOpenPassesHoweverShortTheTimeout() {
        var time = new ManualTime();
        var port = guest(socket -> {});
        var health = new Health(Kind.TCP, null, port, LONG, Duration.ofMillis(100), LONG);
        var verdict = new HealthProbe(vertx, time).passes(health, address);
        // The end of the check, and the moment the connection must stay open.
        Await.until(2, () -> Future.succeededFuture(time.pending()));

        time.advance(Duration.ofMillis(99));

        assertThat(Await.of(verdict)).isTrue();
    }

    @Test
    void aTcpGuestThatSpeaksPasses() {
        var port = guest(socket -> socket.write("220 ready\r\n"));

        assertThat(passes(Kind.TCP, port, LONG)).isTrue();
    }

    @Test
    void aTcpConnectionThatIsClosedAtOnceIsAFailure() {
        var port = guest(NetSocket::close);

        assertThat(passes(Kind.TCP, port, LONG)).isFalse();
    }

    @Test
    void whoIsNotCheckedPasses() {
        assertThat(Await.of(probe.passes(Health.NONE, address))).isTrue();
    }

    private boolean passes(Kind kind, int port, Duration timeout) {
        var path = kind == Kind.HTTP ? "/health" : null;
        return Await.of(probe.passes(new Health(kind, path, port, LONG, timeout, LONG), address));
    }

    private int guest(Handler<NetSocket> guest) {
        var server = vertx.createNetServer().connectHandler(socket -> {
            connections.incrementAndGet();
            socket.closeHandler(gone -> closed.incrementAndGet());
            guest.handle(socket);
        });
        return Await.of(server.listen(0, address)).actualPort();
    }

    private int portOfNobody() {
        var server = vertx.createNetServer().connectHandler(NetSocket::close);
        var port = Await.of(server.listen(0, address)).actualPort();
        Await.of(server.close());
        return port;
    }

    private void untilAllAreClosed(int count) {
        Await.until(count, () -> Future.succeededFuture(closed.get()));
        assertThat(connections).hasValue(count);
    }
}
