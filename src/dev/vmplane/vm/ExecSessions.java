package dev.vmplane.vm;

import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.Nothing;
import dev.vmplane.bus.Bus;
import dev.vmplane.bus.Bus.Answering;
import dev.vmplane.model.Exec;
import dev.vmplane.model.Exec.Output.Kind;
import dev.vmplane.model.GuestExit;
import dev.vmplane.model.Refusal;
import dev.vmplane.vm.agent.Agent;
import dev.vmplane.vm.agent.AgentException;
import dev.vmplane.vm.agent.ExecCommand;
import dev.vmplane.vm.agent.ExecSession;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;

/**
 * The programs that people run in one guest: what they type comes in over the bus, and what the programs say goes out over
 * it, one thing at a time each way. Who asks must answer at {@link Address#execOutput} before it asks for a program.
 */
final class ExecSessions {
    /** As many as the agent runs at once. */
    static final int MAX = 16;

    /** A reader that takes nothing for so long has gone, or might as well have. */
    static final Duration READER_LIMIT = Duration.ofSeconds(30);

    private static final byte[] NO_BYTES = {};
    private static final int MAX_SIDE = 0xffff;

    private final Bus bus;
    private final Agent agent;
    private final Set<Session> open = new HashSet<>();

    ExecSessions(Bus bus, Agent agent) {
        this.bus = bus;
        this.agent = agent;
    }

    /** Completes when the program runs and what is typed will be heard. */
    Future<Exec.Started> start(Exec.Start start) {
        if (open.size() >= MAX) {
            return refused(
                    Refusal.Kind.BUSY,
                    "busy",
                    "the guest cannot run another program: " + MAX + " are run in it already");
        }
        var session = new Session(start.sessionId());
        open.add(session);
        var command = new ExecCommand(start.cmd(), start.env(), start.user(), start.workdir(), start.terminal());
        return agent.exec(command, session)
                .compose(session::begin)
                .onFailure(cause -> open.remove(session))
                .recover(AgentRefusal::of);
    }

    private static <T> Future<T> refused(Refusal.Kind kind, String code, String message) {
        return Future.failedFuture(new Refusal(kind, code, null, message).asException());
    }

    private final class Session implements ExecSession.Output {
        private final String id;
        private ExecSession program;
        private Answering typing;
        private boolean over;

        private Session(String id) {
            this.id = id;
        }

        private Future<Exec.Started> begin(ExecSession started) {
            program = started;
            return bus.answerForAWhile(Address.execInput(id), this::act)
                    .map(answering -> {
                        typing = answering;
                        hangUpWhenOver();
                        return new Exec.Started(started.pid());
                    })
                    .onFailure(cause -> started.close());
        }

        private Future<Nothing> act(Exec.Input input) {
            return switch (input.act()) {
                case STDIN ->
                    program.input(Buffer.buffer(input.bytes()))
                            .map(Nothing.NOTHING)
                            .recover(AgentRefusal::of);
                case END -> done(program::endInput);
                case RESIZE -> {
                    var size = input.terminal();
                    yield done(() -> program.resize(side(size.rows()), side(size.columns())));
                }
                case CLOSE -> done(program::close);
            };
        }

        private static Future<Nothing> done(Runnable act) {
            act.run();
            return Future.succeededFuture(Nothing.NOTHING);
        }

        private static int side(int characters) {
            return Math.max(0, Math.min(MAX_SIDE, characters));
        }

        @Override
        public Future<Void> took(boolean stderr, Buffer bytes) {
            return tell(stderr ? Kind.STDERR : Kind.STDOUT, bytes.getBytes(), null, null);
        }

        @Override
        public void ended(GuestExit exit) {
            end(tell(Kind.EXITED, NO_BYTES, exit, null));
        }

        @Override
        public void lost(AgentException why) {
            end(tell(Kind.LOST, NO_BYTES, null, why.getMessage()));
        }

        private Future<Void> tell(Kind kind, byte[] bytes, GuestExit exit, String why) {
            return bus.ask(Address.execOutput(id), new Exec.Output(kind, bytes, exit, why), READER_LIMIT)
                    .mapEmpty();
        }

        /** Whether or not the last word is heard. */
        private void end(Future<Void> lastWord) {
            open.remove(this);
            lastWord.onComplete(heard -> {
                over = true;
                hangUpWhenOver();
            });
        }

        private void hangUpWhenOver() {
            if (over && typing != null) {
                typing.end();
            }
        }
    }
}
