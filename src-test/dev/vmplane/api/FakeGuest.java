package dev.vmplane.api;

import dev.vmplane.Await;
import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.Nothing;
import dev.vmplane.bus.Bus;
import dev.vmplane.model.Exec;
import dev.vmplane.model.Exec.Input;
import dev.vmplane.model.Exec.Output;
import dev.vmplane.model.GuestExit;
import dev.vmplane.model.Refusal;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The VM side of sessions, as a test wants it. */
final class FakeGuest {
    private static final Duration READER_LIMIT = Duration.ofSeconds(30);

    final List<Exec.Start> started = new CopyOnWriteArrayList<>();
    final List<Input> typed = new CopyOnWriteArrayList<>();
    private final Bus bus;
    private volatile Refusal refusal;
    private volatile Promise<Nothing> stuck;

    FakeGuest(Vertx vertx, String vmId) {
        bus = new Bus(vertx);
        Await.of(bus.answer(Address.vmExec(vmId), this::start));
    }

    /** From here on no program starts. */
    void refuse(Refusal refusal) {
        this.refusal = refusal;
    }

    /** From here on the program does not read what is typed. */
    void stopReading() {
        stuck = Promise.promise();
    }

    void readOn() {
        stuck.complete(Nothing.NOTHING);
    }

    private Future<Exec.Started> start(Exec.Start start) {
        started.add(start);
        if (refusal != null) {
            return Future.failedFuture(refusal.asException());
        }
        return bus.answer(Address.execInput(start.sessionId()), this::type).map(new Exec.Started(42));
    }

    private Future<Nothing> type(Input input) {
        typed.add(input);
        return stuck == null || input.act() == Input.Act.CLOSE
                ? Future.succeededFuture(Nothing.NOTHING)
                : stuck.future();
    }

    Future<Nothing> says(Output.Kind kind, String text) {
        return says(kind, text.getBytes(StandardCharsets.UTF_8));
    }

    Future<Nothing> says(Output.Kind kind, byte[] bytes) {
        return tell(new Output(kind, bytes, null, null));
    }

    Future<Nothing> ends(GuestExit exit) {
        return tell(new Output(Output.Kind.EXITED, new byte[0], exit, null));
    }

    Future<Nothing> tell(Output output) {
        return bus.ask(Address.execOutput(started.get(started.size() - 1).sessionId()), output, READER_LIMIT);
    }

    /** All that was typed to the program's standard input. */
    String stdin() {
        var text = new StringBuilder();
        typed.stream()
                .filter(input -> input.act() == Input.Act.STDIN)
                .forEach(input -> text.append(new String(input.bytes(), StandardCharsets.UTF_8)));
        return text.toString();
    }

    boolean hungUp() {
        return typed.stream().anyMatch(input -> input.act() == Input.Act.CLOSE);
    }
}
