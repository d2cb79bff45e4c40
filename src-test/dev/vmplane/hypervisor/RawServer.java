package dev.vmplane.hypervisor;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.SocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A server at a Unix socket that says exactly the bytes a test wants, right or wrong, and remembers what it got. */
public final class RawServer {
    private final NetServer server;
    private final List<String> received = new CopyOnWriteArrayList<>();
    private final List<NetSocket> connections = new CopyOnWriteArrayList<>();

    private RawServer(NetServer server) {
        this.server = server;
    }

    /** Answers one request, which arrives in one piece here. */
    public interface Mouth {
        void answer(NetSocket connection, int numberOfConnection, String request);
    }

    public static Future<RawServer> listen(Vertx vertx, Path path, Mouth mouth) {
        var raw = new RawServer(vertx.createNetServer());
        raw.server.connectHandler(connection -> {
            raw.connections.add(connection);
            var number = raw.connections.size();
            connection.handler(bytes -> {
                raw.received.add(bytes.toString());
                mouth.answer(connection, number, bytes.toString());
            });
        });
        return raw.server
                .listen(SocketAddress.domainSocketAddress(path.toString()))
                .map(raw);
    }

    public List<String> received() {
        return received;
    }

    public int connections() {
        return connections.size();
    }

    public Future<Void> close() {
        return server.close();
    }

    /** A well-formed answer. */
    public static Buffer answer(int status, String body) {
        return Buffer.buffer("HTTP/1.1 %d \r\nServer: raw\r\nConnection: keep-alive\r\nContent-Length: %d\r\n\r\n%s"
                .formatted(status, body.length(), body));
    }
}
