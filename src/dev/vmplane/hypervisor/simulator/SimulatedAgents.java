package dev.vmplane.hypervisor.simulator;

import dev.vmplane.host.agent.AgentFrame;
import dev.vmplane.host.agent.AgentFrameException;
import dev.vmplane.host.agent.AgentFrameReader;
import dev.vmplane.host.agent.AgentGreeting;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;

/**
 * The agents of all simulated guests behind one listening socket, so that a VM costs no descriptor more for having one. The
 * socket of each VM is another name of the same file; whose agent is meant says the greeting. Hence a connection is let in
 * before it is known whether anybody listens in that guest, and ended when nobody does.
 */
final class SimulatedAgents {
    private static final String COMMAND = "CONNECT 1024\n";

    private final Path socket;
    private final WorkerExecutor files;
    private final NetServer server;
    private final Function<String, Optional<SimulatedGuest>> guests;
    private int connections;

    /** @param guests the guest of a VM, if it runs and has an agent */
    SimulatedAgents(Vertx vertx, WorkerExecutor files, Path socket, Function<String, Optional<SimulatedGuest>> guests) {
        this.socket = socket;
        this.files = files;
        this.guests = guests;
        this.server = vertx.createNetServer().connectHandler(this::accept);
    }

    Future<?> listen() {
        return files.executeBlocking(() -> Files.deleteIfExists(socket))
                .compose(free -> server.listen(SocketAddress.domainSocketAddress(socket.toString())));
    }

    /** Lets in at {@code path} too. Blocks for a moment. */
    Void link(Path path) throws IOException {
        Files.deleteIfExists(path);
        Files.createLink(path, socket);
        return null;
    }

    Future<Void> close() {
        return server.close();
    }

    private void accept(NetSocket connection) {
        var entrance = Buffer.buffer();
        connection.exceptionHandler(broken -> connection.close());
        connection.handler(bytes -> {
            entrance.appendBuffer(bytes);
            if (entrance.length() < COMMAND.length()) {
                return;
            }
            if (!entrance.getString(0, COMMAND.length()).equals(COMMAND)) {
                connection.close();
                return;
            }
            connection.write("OK " + (1024 + ++connections % 1024) + "\n");
            var line = new Line(connection);
            connection.handler(line::hear);
            connection.closeHandler(gone -> line.gone());
            line.hear(entrance.getBuffer(COMMAND.length(), entrance.length()));
        });
    }

    /** One connection, once it is let in. */
    private final class Line {
        private final NetSocket connection;
        private final AgentFrameReader frames = new AgentFrameReader();
        private final Runnable hangUp;
        private SimulatedGuest guest;
        private SimulatedAgent agent;

        private Line(NetSocket connection) {
            this.connection = connection;
            this.hangUp = connection::close;
        }

        private void hear(Buffer bytes) {
            try {
                frames.take(bytes).forEach(this::hear);
            } catch (AgentFrameException senseless) {
                connection.close();
            }
        }

        private void hear(AgentFrame frame) {
            var hello = AgentGreeting.heard(frame);
            if (hello.isEmpty()) {
                if (agent != null) {
                    agent.hear(frame);
                }
                return;
            }
            gone();
            guests.apply(hello.get().vmId()).ifPresentOrElse(guest -> greet(guest, hello.get()), connection::close);
        }

        private void greet(SimulatedGuest meant, AgentGreeting.Hello hello) {
            guest = meant;
            guest.visited(hangUp);
            agent = new SimulatedAgent(guest, said -> connection.write(said.encoded()));
            agent.greet(hello);
        }

        private void gone() {
            if (agent != null) {
                agent.reset();
                guest.left(hangUp);
            }
        }
    }
}
