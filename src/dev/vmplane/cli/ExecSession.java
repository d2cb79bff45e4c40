package dev.vmplane.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A program that runs in a guest with this process's streams. Each WebSocket message is one byte that says of what it is,
 * and the rest:
 *
 * <pre>
 * 0 standard input   1 standard output   2 standard error   3 the end, as JSON   4 a new size   5 the end of input
 * </pre>
 *
 * Nothing more is asked of the server before what came has been written, and nothing more is read here before what was
 * read is on its way.
 */
final class ExecSession implements WebSocket.Listener {
    static final int OWN_FAILURE = 125;
    private static final int NOT_EXECUTABLE = 126;
    private static final int NOT_FOUND = 127;

    private static final byte STDIN = 0;
    private static final byte STDOUT = 1;
    private static final byte STDERR = 2;
    private static final byte END = 3;
    private static final byte RESIZE = 4;
    private static final byte END_OF_INPUT = 5;

    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(30);
    private static final Duration PULSE = Duration.ofSeconds(15);

    /** Pulses in a row. */
    private static final int MAX_SILENT = 3;

    private static final int CHUNK_BYTES = 8 * 1024;
    private static final int MAX_END_BYTES = 64 * 1024;

    private final PrintStream out;
    private final PrintStream err;
    private final ByteArrayOutputStream end = new ByteArrayOutputStream();
    private final CompletableFuture<Document> ended = new CompletableFuture<>();
    private WebSocket socket;
    private int channel = -1;
    private final AtomicInteger silent = new AtomicInteger();
    private volatile boolean writing;

    private ExecSession(Surroundings around) {
        this.out = around.out();
        this.err = around.err();
    }

    /**
     * Runs it to its end.
     *
     * @param path of the job or the VM
     * @return its exit status, or that of a command whose program could not be run
     */
    static int run(ApiClient api, String path, ExecRequest asked, Surroundings around) {
        if (!asked.tty()) {
            return new ExecSession(around).run(api, path, asked, around.in(), null);
        }
        if (!around.terminals().in()) {
            throw new CommandException(
                    "a terminal cannot be given to the program: standard input is none", "Leave -t out.");
        }
        try (var terminal = around.terminal().get()) {
            var usual = around.variable("TERM").isEmpty() ? asked : asked.withUsual("TERM", around.variable("TERM"));
            return new ExecSession(around).run(api, path, usual, terminal.input(), terminal);
        }
    }

    private int run(ApiClient api, String path, ExecRequest asked, InputStream in, Terminal terminal) {
        var size = terminal == null ? null : terminal.size();
        socket = connect(api, path + "/exec" + asked.query(size));
        if (terminal != null) {
            terminal.onResize(() -> resize(terminal));
            terminal.raw();
            if (!terminal.size().equals(size)) {
                resize(terminal);
            }
        }
        socket.request(1);
        var typing = new Thread(() -> type(asked.interactive() ? in : InputStream.nullInputStream()), "exec-input");
        typing.setDaemon(true);
        typing.start();
        try {
            return status(awaitEnd());
        } catch (ExecutionException lost) {
            throw new CommandException("the program cannot be followed any more: "
                    + lost.getCause().getMessage());
        } finally {
            socket.abort();
        }
    }

    private Document awaitEnd() throws ExecutionException {
        while (true) {
            try {
                return ended.get(PULSE.toNanos(), TimeUnit.NANOSECONDS);
            } catch (TimeoutException goesOn) {
                beat();
            } catch (InterruptedException told) {
                Thread.currentThread().interrupt();
                throw new CommandException("the program cannot be followed any more: the command was told to end");
            }
        }
    }

    /** A quiet program is asked after, and a server that does not even say that it is there has gone. */
    private void beat() {
        if (!writing && silent.incrementAndGet() > MAX_SILENT) {
            ended.completeExceptionally(new IOException("the server says nothing any more"));
            return;
        }
        var unused = socket.sendPing(ByteBuffer.allocate(0));
    }

    @Override
    public CompletionStage<?> onPong(WebSocket from, ByteBuffer message) {
        silent.set(0);
        from.request(1);
        return null;
    }

    private WebSocket connect(ApiClient api, String path) {
        var uri = URI.create(api.server().toString().replaceFirst("^http", "ws") + path);
        try {
            return PlainHttp.client(api.server())
                    .newWebSocketBuilder()
                    .connectTimeout(CONNECT_LIMIT)
                    .buildAsync(uri, this)
                    .join();
        } catch (CompletionException failure) {
            throw refused(api, failure.getCause());
        }
    }

    private static CommandException refused(ApiClient api, Throwable failure) {
        if (failure instanceof WebSocketHandshakeException handshake) {
            return api.problem(handshake.getResponse().statusCode(), "exec", body(handshake.getResponse()));
        }
        return api.unreachable(
                failure instanceof IOException io ? io : new ConnectException(String.valueOf(failure.getMessage())));
    }

    private static String body(HttpResponse<?> response) {
        return response.body() instanceof String text ? text : "";
    }

    private void type(InputStream in) {
        var chunk = new byte[CHUNK_BYTES];
        try {
            for (int read = in.read(chunk); read >= 0; read = in.read(chunk)) {
                send(STDIN, chunk, read);
            }
        } catch (IOException gone) {
            // As if it had ended.
        }
        send(END_OF_INPUT, chunk, 0);
    }

    private void resize(Terminal terminal) {
        var size = terminal.size();
        var json =
                Json.write(Map.of("rows", size.rows(), "cols", size.columns())).getBytes(UTF_8);
        send(RESIZE, json, json.length);
    }

    /** Returns when it is on its way; what cannot be sent any more is told by the other direction. */
    private synchronized void send(byte kind, byte[] bytes, int length) {
        var message =
                ByteBuffer.allocate(length + 1).put(kind).put(bytes, 0, length).flip();
        try {
            socket.sendBinary(message, true).join();
        } catch (CompletionException gone) {
            ended.completeExceptionally(gone.getCause());
        }
    }

    /** The terminal must be ready for what comes before any of it is asked for. */
    @Override
    public void onOpen(WebSocket opened) {}

    @Override
    public CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
        if (channel < 0 && data.hasRemaining()) {
            channel = data.get();
        }
        var bytes = new byte[data.remaining()];
        data.get(bytes);
        silent.set(0);
        writing = true;
        take(bytes);
        writing = false;
        if (last) {
            if (channel == END) {
                end();
            }
            channel = -1;
        }
        from.request(1);
        return null;
    }

    private void take(byte[] bytes) {
        switch (channel) {
            case STDOUT -> write(out, bytes);
            case STDERR -> write(err, bytes);
            case END -> {
                if (end.size() + bytes.length <= MAX_END_BYTES) {
                    end.writeBytes(bytes);
                }
            }
            default -> {
                // Of a later version.
            }
        }
    }

    private void write(PrintStream stream, byte[] bytes) {
        stream.writeBytes(bytes);
        if (stream.checkError()) {
            ended.completeExceptionally(new IOException("nobody reads what it prints"));
        }
    }

    private void end() {
        try {
            ended.complete(Document.read(end.toString(UTF_8)));
        } catch (IOException malformed) {
            ended.completeExceptionally(new IOException("the server does not say how it ended"));
        }
    }

    @Override
    public CompletionStage<?> onClose(WebSocket from, int code, String reason) {
        ended.completeExceptionally(new IOException(
                "the server ended the connection" + (reason.isEmpty() ? "" : ": " + Table.printable(reason))));
        return null;
    }

    @Override
    public void onError(WebSocket from, Throwable failure) {
        ended.completeExceptionally(failure);
    }

    private int status(Document last) {
        var error = last.object("error");
        if (error.has("code")) {
            write(
                    err,
                    ("vmplane: " + Table.printable(error.text("detail", error.text("code", ""))) + "\n")
                            .getBytes(UTF_8));
            return switch (error.text("code", "")) {
                case "not_found" -> NOT_FOUND;
                case "not_executable" -> NOT_EXECUTABLE;
                default -> OWN_FAILURE;
            };
        }
        return JobReport.exitStatus(last).orElse(OWN_FAILURE);
    }
}
