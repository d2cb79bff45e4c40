package dev.vmplane.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Locale;
import java.util.concurrent.Semaphore;

/**
 * A port of this host's loopback that leads to one job: what comes in goes to the load balancer under the job's name. The
 * first request of a connection is rewritten so that it is its only one, or becomes a WebSocket; so nothing behind its head
 * has to be understood.
 */
final class PortForward implements AutoCloseable {
    private static final int MAX_CONNECTIONS = 64;
    private static final int MAX_HEAD_BYTES = 32 * 1024;
    private static final int CONNECT_LIMIT_MS = 5_000;

    /** A connection on which nothing goes either way. */
    private static final int IDLE_LIMIT_MS = 300_000;

    private static final byte[] END_OF_HEAD = {'\r', '\n', '\r', '\n'};
    private static final String UNREACHABLE =
            "HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

    private final Ingress ingress;
    private final String jobHost;
    private final ServerSocket listening;
    private final Semaphore room = new Semaphore(MAX_CONNECTIONS);

    private PortForward(Ingress ingress, String jobHost, ServerSocket listening) {
        this.ingress = ingress;
        this.jobHost = jobHost;
        this.listening = listening;
    }

    static PortForward open(int port, Ingress ingress, String jobId) {
        try {
            var listening = new ServerSocket();
            listening.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), MAX_CONNECTIONS);
            var forward = new PortForward(ingress, Ingress.hostOf(jobId), listening);
            start("forward-accept", forward::accept);
            return forward;
        } catch (IOException failure) {
            throw new CommandException(
                    "port " + port + " of 127.0.0.1 cannot lead to job " + jobId + ": " + failure.getMessage(),
                    "Choose another with -p HOSTPORT:PORT; the load balancer itself listens at " + ingress.port()
                            + ".");
        }
    }

    /** The port that leads there. */
    int port() {
        return listening.getLocalPort();
    }

    @Override
    public void close() {
        closeQuietly(listening);
    }

    private void accept() {
        while (!listening.isClosed()) {
            try {
                room.acquireUninterruptibly();
                var client = listening.accept();
                start("forward", () -> {
                    try {
                        serve(client);
                    } finally {
                        closeQuietly(client);
                        room.release();
                    }
                });
            } catch (IOException closed) {
                room.release();
            }
        }
    }

    private void serve(Socket client) {
        try (var server = new Socket()) {
            client.setSoTimeout(IDLE_LIMIT_MS);
            server.setSoTimeout(IDLE_LIMIT_MS);
            var head = head(client.getInputStream());
            if (head == null) {
                return;
            }
            try {
                server.connect(new InetSocketAddress(ingress.host(), ingress.port()), CONNECT_LIMIT_MS);
            } catch (IOException unreachable) {
                client.getOutputStream().write(UNREACHABLE.getBytes(ISO_8859_1));
                return;
            }
            server.getOutputStream().write(rewritten(head, jobHost).getBytes(ISO_8859_1));
            start("forward-request", () -> copy(client, server));
            server.getInputStream().transferTo(client.getOutputStream());
        } catch (IOException broken) {
            // The client sees its connection end.
        }
    }

    /** What the client still sends; its end is passed on, for a body may be told by it. */
    private static void copy(Socket from, Socket to) {
        try {
            from.getInputStream().transferTo(to.getOutputStream());
            to.shutdownOutput();
        } catch (IOException over) {
            closeQuietly(to);
        }
    }

    /** The first line and the fields up to the empty line; null when there is none, or far too much. */
    private static String head(InputStream in) throws IOException {
        var head = new ByteArrayOutputStream();
        int matched = 0;
        while (matched < END_OF_HEAD.length && head.size() < MAX_HEAD_BYTES) {
            var next = in.read();
            if (next < 0) {
                return null;
            }
            head.write(next);
            matched = next == END_OF_HEAD[matched] ? matched + 1 : next == '\r' ? 1 : 0;
        }
        return matched == END_OF_HEAD.length ? head.toString(ISO_8859_1) : null;
    }

    /** The same request for {@code host}, after which the connection ends unless it becomes another protocol's. */
    static String rewritten(String head, String host) {
        var lines = head.stripTrailing().split("\r\n", -1);
        var upgrade = false;
        var asked = "";
        var text = new StringBuilder(lines[0]).append("\r\n");
        for (int n = 1; n < lines.length; n++) {
            var name = lines[n].substring(0, Math.max(0, lines[n].indexOf(':')))
                    .strip()
                    .toLowerCase(Locale.ROOT);
            var value = lines[n].substring(lines[n].indexOf(':') + 1).strip();
            switch (name) {
                case "host" -> asked = value;
                case "connection" -> upgrade = value.toLowerCase(Locale.ROOT).contains("upgrade");
                case "keep-alive" -> {}
                default -> text.append(lines[n]).append("\r\n");
            }
        }
        text.append("Host: ").append(host).append("\r\n");
        if (!asked.isEmpty()) {
            text.append("X-Forwarded-Host: ").append(asked).append("\r\n");
        }
        return text.append("Connection: ")
                .append(upgrade ? "Upgrade" : "close")
                .append("\r\n\r\n")
                .toString();
    }

    private static void start(String name, Runnable task) {
        var thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
    }

    private static void closeQuietly(Closeable open) {
        try {
            open.close();
        } catch (IOException gone) {
            // It is closed in any case.
        }
    }
}
