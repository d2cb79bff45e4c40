package dev.vmplane.vm.agent;

import dev.vmplane.host.agent.AgentFrame;
import dev.vmplane.host.agent.AgentFrame.Kind;
import dev.vmplane.host.agent.AgentFrameException;
import dev.vmplane.host.agent.AgentFrameReader;
import dev.vmplane.host.agent.AgentGreeting;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetSocket;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * An open conversation with an agent, many sessions side by side. The guest may say only what it was asked for or given
 * credit for, in a session that lives: anything else ends the conversation, so what it can make us hold is bounded by what
 * we have asked. Lives on one event loop.
 */
final class AgentConnection {
    /** Above the 16 programs and 4 hooks that an agent takes at once. */
    private static final int MAX_SESSIONS = 64;

    private final NetSocket socket;
    private final AgentGreeting greeting;
    private final AgentFrameReader frames = new AgentFrameReader();
    private final Map<Integer, AgentSession> sessions = new HashMap<>();
    private final Runnable idle;
    private final Runnable gone;
    private int welcomes;
    private int last;
    private boolean closed;
    private boolean hungUp;

    /**
     * A conversation whose greeting is over.
     *
     * @param welcomes how many more answers to the greeting may come
     * @param idle told whenever the last session has ended
     * @param gone told once, when it is over
     */
    AgentConnection(NetSocket socket, AgentGreeting greeting, int welcomes, Runnable idle, Runnable gone) {
        this.socket = socket;
        this.greeting = greeting;
        this.welcomes = welcomes;
        this.idle = idle;
        this.gone = gone;
    }

    /** Begins to listen, with what has come already. */
    void begin(Buffer rest) {
        socket.handler(this::hear);
        socket.exceptionHandler(broken -> lose("the connection broke", broken));
        socket.closeHandler(ended -> lose("it ended the connection", null));
        if (rest.length() > 0) {
            hear(rest);
        }
        socket.resume();
    }

    boolean quiet() {
        return sessions.isEmpty();
    }

    boolean closed() {
        return closed;
    }

    /** Whether it was the other side that ended it. */
    boolean hungUp() {
        return hungUp;
    }

    /**
     * Opens a session with its first frame. Numbers come round last: a late frame to a session that has ended does not meet
     * the next.
     */
    int open(Kind kind, Buffer payload, AgentSession session) {
        if (closed || sessions.size() >= MAX_SESSIONS) {
            throw AgentException.unreachable(
                    "the guest's agent cannot be asked: " + (closed ? "it is gone" : "too much is under way"), null);
        }
        do {
            last = last % AgentFrame.MAX_SESSION + 1;
        } while (sessions.containsKey(last));
        var first = new AgentFrame(kind, last, payload).encoded();
        sessions.put(last, session);
        socket.write(first);
        return last;
    }

    void send(Kind kind, int session, Buffer payload) {
        if (!closed) {
            socket.write(new AgentFrame(kind, session, payload).encoded());
        }
    }

    /** Ends the conversation; everything under way fails because {@code why}. */
    void end(String why, Throwable cause) {
        if (closed) {
            return;
        }
        closed = true;
        socket.close();
        var lost = AgentException.unreachable("the guest's agent cannot be heard any more: " + why, cause);
        var open = List.copyOf(sessions.values());
        sessions.clear();
        gone.run();
        open.forEach(session -> session.lost(lost));
    }

    private void lose(String why, Throwable cause) {
        hungUp |= !closed;
        end(why, cause);
    }

    private void hear(Buffer bytes) {
        try {
            for (var frame : frames.take(bytes)) {
                if (closed) {
                    return;
                }
                hear(frame);
            }
        } catch (AgentFrameException senseless) {
            end(senseless.getMessage(), senseless);
        }
    }

    private void hear(AgentFrame frame) {
        if (greeting.answeredBy(frame) && welcomes > 0) {
            welcomes--;
            return;
        }
        if (frame.kind() == Kind.FAILED && frame.session() == 0) {
            lose(AgentException.said(frame.payload().toString()).getMessage(), null);
            return;
        }
        var session = sessions.get(frame.session());
        if (session == null) {
            throw new AgentFrameException("nobody asked for its " + frame.kind());
        }
        if (session.heard(frame)) {
            sessions.remove(frame.session());
            if (sessions.isEmpty()) {
                idle.run();
            }
        }
    }
}
