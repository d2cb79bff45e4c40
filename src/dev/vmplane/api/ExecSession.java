package dev.vmplane.api;

import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.Nothing;
import dev.vmplane.bus.Bus;
import dev.vmplane.bus.Bus.Answering;
import dev.vmplane.model.Exec;
import dev.vmplane.model.Exec.Input.Act;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import dev.vmplane.model.Time;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ServerWebSocket;
import java.time.Duration;

/**
 * One program in a guest and the person at it. Each way one thing is under way at a time: nothing is read from the person
 * before the guest has taken what came before, and the guest is not answered before the connection has taken its output.
 * The program goes when the person does.
 */
final class ExecSession {
    private static final Duration START_LIMIT = Duration.ofSeconds(15);
    private static final Duration PING = Duration.ofSeconds(15);
    private static final int MAX_SILENT_PINGS = 3;

    /** A connection that takes no output for so long is as good as none. */
    private static final Duration OUTPUT_LIMIT = Duration.ofSeconds(30);

    /** Programs need not read what they are typed; but a day is a day. */
    private static final Duration INPUT_LIMIT = Duration.ofDays(1);

    private static final short DONE = 1000;
    private static final short PROTOCOL_ERROR = 1002;

    private final String id;
    private final Bus bus;
    private final Time time;
    private final Runnable leave;
    private final Promise<ServerWebSocket> connected = Promise.promise();
    private Answering listening;
    private Time.Alarm pinging;
    private int silentPings;
    private boolean typing;
    /** Nothing more is told to the person. */
    private boolean over;

    private boolean left;

    /**
     * A session that has not begun.
     *
     * @param id that nobody can guess: it is an address of the bus
     * @param leave told once, when nothing of it is left
     */
    ExecSession(String id, Bus bus, Time time, Runnable leave) {
        this.id = id;
        this.bus = bus;
        this.time = time;
        this.leave = leave;
    }

    /** Starts the program. Its output waits for {@link #attach}. */
    Future<Exec.Started> start(String vmId, ExecQuery query) {
        return bus.answerForAWhile(Address.execOutput(id), this::output)
                .onSuccess(answering -> listening = answering)
                .compose(answering -> bus.ask(Address.vmExec(vmId), query.start(id), START_LIMIT))
                .onFailure(refused -> close());
    }

    /** The person is there. */
    void attach(ServerWebSocket socket) {
        listen(socket);
        pingLater(socket);
        connected.complete(socket);
    }

    /** The person is there, and the program is not. */
    static void refuse(ServerWebSocket socket, Refusal refusal) {
        socket.writeBinaryMessage(ExecMessage.failed(refusal.code(), refusal.message()))
                .onComplete(told -> socket.close(DONE));
    }

    /** There is nobody to talk to. */
    void abandon() {
        if (!over) {
            bus.ask(Address.execInput(id), new Exec.Input(Act.CLOSE, new byte[0], null))
                    .otherwiseEmpty();
        }
        close();
    }

    private void listen(ServerWebSocket socket) {
        socket.binaryMessageHandler(message -> take(socket, message))
                .textMessageHandler(text -> fail(socket, "messages are binary"))
                .pongHandler(pong -> silentPings = 0)
                .exceptionHandler(broken -> socket.close())
                .closeHandler(gone -> abandon());
    }

    private void take(ServerWebSocket socket, Buffer message) {
        silentPings = 0;
        if (over) {
            return;
        }
        Exec.Input input;
        try {
            input = ExecMessage.input(message);
        } catch (IllegalArgumentException malformed) {
            fail(socket, malformed.getMessage());
            return;
        }
        typing = true;
        socket.pause();
        bus.ask(Address.execInput(id), input, INPUT_LIMIT)
                .onComplete(taken -> goOn(socket), cause -> untaken(socket, cause));
    }

    private void goOn(ServerWebSocket socket) {
        typing = false;
        socket.resume();
    }

    /** A program that has ended, or closed its input, takes nothing; how it ends is still to be told. */
    private void untaken(ServerWebSocket socket, Throwable cause) {
        if (cause instanceof RefusedException refused
                && refused.refusal().code().equals("unavailable")) {
            end(socket, ExecMessage.failed("lost", refused.getMessage()), DONE);
        }
        goOn(socket);
    }

    private Future<Nothing> output(Exec.Output output) {
        return connected.future().compose(socket -> over ? deserted() : write(socket, output));
    }

    private static Future<Nothing> deserted() {
        return Future.failedFuture(
                new Refusal(Refusal.Kind.CONFLICT, "session_over", null, "nobody reads what the program says")
                        .asException());
    }

    private Future<Nothing> write(ServerWebSocket socket, Exec.Output output) {
        var message = ExecMessage.of(output);
        return switch (output.kind()) {
            case EXITED, LOST -> end(socket, message, DONE);
            case STDOUT, STDERR -> send(socket, message);
        };
    }

    private Future<Nothing> send(ServerWebSocket socket, Buffer message) {
        var patience = time.after(OUTPUT_LIMIT, () -> hangUp(socket));
        return socket.writeBinaryMessage(message)
                .onComplete(taken -> patience.cancel())
                .map(Nothing.NOTHING)
                .recover(gone -> deserted());
    }

    private void fail(ServerWebSocket socket, String why) {
        bus.ask(Address.execInput(id), new Exec.Input(Act.CLOSE, new byte[0], null))
                .otherwiseEmpty();
        end(socket, ExecMessage.failed("bad_message", "the message cannot be understood: " + why), PROTOCOL_ERROR);
    }

    private Future<Nothing> end(ServerWebSocket socket, Buffer message, short status) {
        if (over) {
            return deserted();
        }
        over = true;
        return send(socket, message).onComplete(told -> socket.close(status));
    }

    private void pingLater(ServerWebSocket socket) {
        pinging = time.after(PING, () -> ping(socket));
    }

    /** Keeps the connection from looking dead, and finds out whether it is. While it is not read it cannot answer. */
    private void ping(ServerWebSocket socket) {
        silentPings = typing ? 0 : silentPings + 1;
        if (silentPings > MAX_SILENT_PINGS) {
            hangUp(socket);
        } else {
            socket.writePing(Buffer.buffer());
            pingLater(socket);
        }
    }

    /** Whether or not the connection can still be told. */
    private void hangUp(ServerWebSocket socket) {
        abandon();
        socket.close();
    }

    private void close() {
        over = true;
        connected.tryFail("there is nobody at the session");
        if (pinging != null) {
            pinging.cancel();
        }
        if (listening != null) {
            listening.end();
        }
        if (!left) {
            left = true;
            leave.run();
        }
    }
}
