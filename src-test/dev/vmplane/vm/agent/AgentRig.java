package dev.vmplane.vm.agent;

import dev.vmplane.Await;
import dev.vmplane.ManualTime;
import dev.vmplane.host.agent.AgentEntries;
import dev.vmplane.host.agent.AgentFrame;
import dev.vmplane.host.agent.AgentFrame.Kind;
import dev.vmplane.host.agent.AgentFrameReader;
import dev.vmplane.host.agent.AgentGreeting;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetSocket;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** A link to an agent whose every word a test says, on a connection of its own, with time that is turned by hand. */
final class AgentRig {
    static final String VM = "vm-1";
    private static final int LIMIT_SECONDS = 20;

    final ManualTime time = new ManualTime();
    private final Context context;
    private final NetClient client;
    private final int port;
    private final BlockingQueue<AgentFrame> heard = new LinkedBlockingQueue<>();
    private final List<NetSocket> connections = new CopyOnWriteArrayList<>();
    private final List<NetSocket> closed = new CopyOnWriteArrayList<>();
    final AgentLink link;
    private volatile boolean there = true;
    private volatile boolean polite = true;
    private volatile Buffer before = Buffer.buffer();

    AgentRig(Vertx vertx) {
        context = vertx.getOrCreateContext();
        client = vertx.createNetClient();
        port = Await.of(vertx.createNetServer().connectHandler(this::accept).listen(0, "127.0.0.1"))
                .actualPort();
        link = new AgentLink(VM, this::connect, time);
    }

    /** From here on nobody can be connected to, until somebody can. */
    void there(boolean there) {
        this.there = there;
    }

    /** From here on the agent answers no greeting, until it does. */
    void polite(boolean polite) {
        this.polite = polite;
    }

    /** What lies in the pipe before the agent's first word. */
    void before(Buffer noise) {
        before = noise;
    }

    /** Does something with the link, where it lives. */
    <T> Future<T> on(Supplier<Future<T>> act) {
        var done = Promise.<T>promise();
        context.runOnContext(here -> act.get().onComplete(done));
        return done.future();
    }

    void run(Runnable act) {
        Await.of(on(() -> {
            act.run();
            return Future.succeededFuture();
        }));
    }

    /** The next thing the agent hears, greetings aside. */
    AgentFrame next() {
        try {
            var frame = heard.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
            if (frame == null) {
                throw new AssertionError("the agent heard nothing");
            }
            return frame;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    AgentFrame next(Kind kind) {
        var frame = next();
        if (frame.kind() != kind) {
            throw new AssertionError("the agent heard " + frame);
        }
        return frame;
    }

    boolean heardMore() {
        return !heard.isEmpty();
    }

    /** The agent says something on its last connection. */
    void say(AgentFrame frame) {
        say(frame.encoded());
    }

    void say(Buffer bytes) {
        connections.get(connections.size() - 1).write(bytes);
    }

    void say(Kind kind, int session, String payload) {
        say(new AgentFrame(kind, session, Buffer.buffer(payload)));
    }

    void hangUp() {
        Await.of(connections.get(connections.size() - 1).close());
    }

    int connections() {
        return connections.size();
    }

    int closed() {
        return closed.size();
    }

    void until(BooleanSupplier fact) {
        Await.until(true, () -> Future.succeededFuture(fact.getAsBoolean()));
    }

    private Future<NetSocket> connect() {
        return there ? client.connect(port, "127.0.0.1").map(NetSocket::pause) : Future.failedFuture("nobody listens");
    }

    private void accept(NetSocket socket) {
        var frames = new AgentFrameReader();
        socket.closeHandler(gone -> closed.add(socket));
        socket.handler(bytes -> frames.take(bytes).forEach(frame -> hear(socket, frame)));
        connections.add(socket);
    }

    private void hear(NetSocket socket, AgentFrame frame) {
        var hello = AgentGreeting.heard(frame);
        if (hello.isEmpty()) {
            heard.add(frame);
        } else if (polite && hello.get().vmId().equals(VM)) {
            socket.write(before);
            socket.write(AgentGreeting.welcome(hello.get().nonce(), new AgentEntries().put("pid", 1))
                    .encoded());
        }
    }
}
