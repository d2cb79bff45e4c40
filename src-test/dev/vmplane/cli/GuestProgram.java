package dev.vmplane.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.vmplane.Await;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.ServerWebSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;

/** The far end of an exec: a program in a guest, played by the test. */
final class GuestProgram implements Handler<HttpServerRequest> {
    private final List<String> heard = new ArrayList<>();
    private final BiConsumer<GuestProgram, String> script;
    private final Promise<ServerWebSocket> started = Promise.promise();
    private ServerWebSocket socket;

    /** @param script told each thing that is heard, such as {@code stdin x}, {@code resize {...}} or {@code end} */
    GuestProgram(BiConsumer<GuestProgram, String> script) {
        this.script = script;
    }

    @Override
    public void handle(HttpServerRequest request) {
        request.toWebSocket().onSuccess(opened -> {
            socket = opened;
            opened.binaryMessageHandler(this::hear);
            hear("start");
            started.complete(opened);
        });
    }

    void stdout(String text) {
        send(1, text);
    }

    void stderr(String text) {
        send(2, text);
    }

    void end(String json) {
        send(3, json.replace('\'', '"'));
        socket.close();
    }

    void hangUp() {
        socket.close();
    }

    synchronized List<String> heard() {
        return List.copyOf(heard);
    }

    void awaitStart() {
        Await.of(started.future());
    }

    private void send(int channel, String text) {
        socket.writeBinaryMessage(Buffer.buffer().appendByte((byte) channel).appendBytes(text.getBytes(UTF_8)));
    }

    private void hear(Buffer message) {
        var rest = message.getString(1, message.length());
        hear(
                switch (message.getByte(0)) {
                    case 0 -> "stdin " + rest;
                    case 4 -> "resize " + rest;
                    case 5 -> "end";
                    default -> "unknown " + message.getByte(0);
                });
    }

    private void hear(String what) {
        synchronized (this) {
            heard.add(what);
        }
        script.accept(this, what);
    }
}
