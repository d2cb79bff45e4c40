package dev.vmplane.vm.agent;

import dev.vmplane.host.agent.AgentFrame;
import dev.vmplane.host.agent.AgentFrame.Kind;
import dev.vmplane.host.agent.AgentFrameException;
import dev.vmplane.model.GuestExit;
import dev.vmplane.model.Time;
import dev.vmplane.model.Time.Alarm;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/** A program in a guest, as one session of a connection. */
final class AgentExec implements AgentSession, ExecSession {
    private static final int MAX_SIGNAL = 64;

    /** The agent gives a program two seconds after it has hung up. */
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(10);

    private final AgentConnection connection;
    private final Time time;
    private final Promise<ExecSession> started = Promise.promise();
    private final ExecOutlet outlet;
    private final Deque<Typed> typed = new ArrayDeque<>();
    private int session;
    private int pid;
    private long credit;
    private long sent;
    private long taken;
    private boolean inputEnded;
    private boolean over;
    private boolean closing;
    private Alarm tooLate = () -> {};

    AgentExec(AgentConnection connection, Output output, Time time) {
        this.connection = connection;
        this.time = time;
        this.outlet = new ExecOutlet(output, this::give, this::close);
    }

    /** Input that was taken once {@code upTo} bytes were. */
    private record Typed(long upTo, Promise<Void> done) {}

    void numbered(int session) {
        this.session = session;
    }

    Future<ExecSession> started() {
        return started.future();
    }

    @Override
    public int pid() {
        return pid;
    }

    @Override
    public Future<Void> input(Buffer bytes) {
        if (over || inputEnded || closing) {
            return Future.failedFuture(AgentException.refused("refused", "the program takes no input any more"));
        }
        if (sent - taken + bytes.length() > WINDOW_BYTES) {
            return Future.failedFuture(
                    AgentException.refused("busy", "the program has not taken what was typed before"));
        }
        if (bytes.length() == 0) {
            return Future.succeededFuture();
        }
        for (var from = 0; from < bytes.length(); from += AgentFrame.MAX_PAYLOAD_BYTES) {
            var end = Math.min(bytes.length(), from + AgentFrame.MAX_PAYLOAD_BYTES);
            connection.send(Kind.STDIN, session, bytes.slice(from, end));
        }
        sent += bytes.length();
        var done = Promise.<Void>promise();
        typed.add(new Typed(sent, done));
        return done.future();
    }

    @Override
    public void endInput() {
        if (!over && !inputEnded) {
            inputEnded = true;
            connection.send(Kind.STDIN, session, Buffer.buffer());
        }
    }

    @Override
    public void resize(int rows, int columns) {
        if (!over) {
            connection.send(
                    Kind.RESIZE,
                    session,
                    Buffer.buffer().appendUnsignedShortLE(rows).appendUnsignedShortLE(columns));
        }
    }

    @Override
    public void close() {
        if (!over && !closing) {
            closing = true;
            connection.send(Kind.CLOSE, session, Buffer.buffer());
            tooLate = time.after(CLOSE_LIMIT, () -> connection.end("it does not end a program it was told to", null));
        }
    }

    @Override
    public boolean heard(AgentFrame frame) {
        return switch (frame.kind()) {
            case STARTED -> started(frame.payload());
            case STDOUT -> said(false, frame.payload());
            case STDERR -> said(true, frame.payload());
            case TAKEN -> taken(frame.payload());
            case EXITED -> ended(frame.payload());
            case FAILED -> failed(AgentException.said(frame.payload().toString()));
            default -> throw new AgentFrameException("a program cannot say " + frame.kind());
        };
    }

    @Override
    public void lost(AgentException why) {
        failed(why);
    }

    private boolean started(Buffer payload) {
        if (started.future().isComplete() || payload.length() != Integer.BYTES) {
            throw new AgentFrameException("a program cannot start twice");
        }
        pid = (int) Math.min(Integer.MAX_VALUE, payload.getUnsignedIntLE(0));
        started.tryComplete(this);
        give(WINDOW_BYTES);
        return false;
    }

    private void give(int bytes) {
        if (!over && !closing) {
            credit += bytes;
            connection.send(Kind.CREDIT, session, Buffer.buffer().appendUnsignedIntLE(bytes));
        }
    }

    private boolean said(boolean stderr, Buffer bytes) {
        credit -= bytes.length();
        if (bytes.length() == 0 || credit < 0) {
            throw new AgentFrameException("a program cannot say more than it has credit for");
        }
        outlet.take(stderr, bytes);
        return false;
    }

    private boolean taken(Buffer payload) {
        var more = payload.length() == Integer.BYTES ? payload.getUnsignedIntLE(0) : 0;
        if (more == 0 || taken + more > sent) {
            throw new AgentFrameException("a program cannot take " + more + " bytes of " + (sent - taken));
        }
        taken += more;
        while (!typed.isEmpty() && typed.peek().upTo() <= taken) {
            typed.poll().done().complete();
        }
        return false;
    }

    private boolean ended(Buffer payload) {
        if (!started.future().isComplete() || payload.length() != 2) {
            throw new AgentFrameException("a program cannot end before it has started");
        }
        var number = (int) payload.getUnsignedByte(1);
        var exit = switch (payload.getUnsignedByte(0)) {
            case 0 -> new GuestExit(number, null);
            case 1 -> new GuestExit(null, Math.min(number, MAX_SIGNAL));
            default -> throw new AgentFrameException("a program cannot end by anything but a status or a signal");
        };
        finish();
        outlet.ended(exit);
        return true;
    }

    private boolean failed(AgentException why) {
        finish();
        if (!started.tryFail(why)) {
            outlet.lost(why);
        }
        return true;
    }

    private void finish() {
        over = true;
        tooLate.cancel();
        typed.forEach(input -> input.done()
                .fail(AgentException.refused("refused", "the program ended before it took what was typed")));
        typed.clear();
    }
}
