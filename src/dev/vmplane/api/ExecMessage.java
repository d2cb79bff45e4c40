package dev.vmplane.api;

import dev.vmplane.model.Exec;
import dev.vmplane.model.Exec.Input.Act;
import dev.vmplane.model.GuestExit;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;

/**
 * What goes over the WebSocket of a session, as binary messages. The first byte says what the rest is:
 *
 * <pre>
 * 0 to the program    its standard input
 * 1 from the program  its standard output
 * 2 from the program  its standard error
 * 3 from the server   the end: {"status":7}, {"signal":9} or {"error":{"code":"...","detail":"..."}}
 * 4 to the program    the size of its terminal: {"rows":24,"cols":80}
 * 5 to the program    the end of its standard input
 * </pre>
 */
final class ExecMessage {
    private static final byte STDIN = 0;
    private static final byte STDOUT = 1;
    private static final byte STDERR = 2;
    private static final byte END = 3;
    private static final byte RESIZE = 4;
    private static final byte END_OF_INPUT = 5;

    private static final int MAX_RESIZE_BYTES = 256;
    private static final int MAX_SIDE = 10_000;
    private static final byte[] NOTHING = {};

    private ExecMessage() {}

    /** @throws IllegalArgumentException when nobody at a program can have meant it */
    static Exec.Input input(Buffer message) {
        var rest = message.length() == 0 ? NOTHING : message.getBytes(1, message.length());
        return switch (message.length() == 0 ? -1 : message.getByte(0)) {
            case STDIN -> new Exec.Input(Act.STDIN, rest, null);
            case RESIZE -> new Exec.Input(Act.RESIZE, NOTHING, terminal(rest));
            case END_OF_INPUT -> new Exec.Input(Act.END, NOTHING, null);
            default -> throw new IllegalArgumentException("a message begins with 0, 4 or 5");
        };
    }

    private static Exec.Terminal terminal(byte[] json) {
        try {
            if (json.length <= MAX_RESIZE_BYTES) {
                var size = new JsonObject(Buffer.buffer(json));
                return new Exec.Terminal(side(size, "rows"), side(size, "cols"));
            }
        } catch (DecodeException | ClassCastException | NullPointerException malformed) {
            // As below.
        }
        throw new IllegalArgumentException("a size is like {\"rows\":24,\"cols\":80}");
    }

    private static int side(JsonObject size, String name) {
        return Math.max(1, Math.min(MAX_SIDE, size.getInteger(name)));
    }

    /** What the person is told. */
    static Buffer of(Exec.Output output) {
        return switch (output.kind()) {
            case STDOUT -> Buffer.buffer().appendByte(STDOUT).appendBytes(output.bytes());
            case STDERR -> Buffer.buffer().appendByte(STDERR).appendBytes(output.bytes());
            case EXITED -> ended(output.exit());
            case LOST -> failed("lost", output.why());
        };
    }

    private static Buffer ended(GuestExit exit) {
        if (exit.status() != null) {
            return end(new JsonObject().put("status", exit.status()));
        }
        return exit.signal() != null
                ? end(new JsonObject().put("signal", exit.signal()))
                : failed("lost", "the guest does not say how the program ended");
    }

    /** @param detail for people */
    static Buffer failed(String code, String detail) {
        return end(
                new JsonObject().put("error", new JsonObject().put("code", code).put("detail", detail)));
    }

    private static Buffer end(JsonObject how) {
        return Buffer.buffer().appendByte(END).appendBuffer(how.toBuffer());
    }
}
