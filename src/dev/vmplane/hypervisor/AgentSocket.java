package dev.vmplane.hypervisor;

import dev.vmplane.model.ReasonCode;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.SocketAddress;
import java.time.Duration;
import java.util.regex.Pattern;

/**
 * The ways through a hypervisor to the agent in its guest. Each call makes a fresh connection, on which nothing is heard
 * until somebody resumes it: whoever gets it listens first. One instance serves all sockets and holds none of them.
 */
public final class AgentSocket {
    /** Where the agent listens in the guest, among the ports of vsock. */
    public static final int PORT = 1024;

    /** The guest's own address; each hypervisor has a vsock of its own, so all guests may have the same. */
    public static final int GUEST_CID = 3;

    private static final Duration LIMIT = Duration.ofSeconds(2);

    /** Firecracker takes no command unless it comes in one piece. */
    private static final Buffer CONNECT = Buffer.buffer("CONNECT " + PORT + "\n");

    private static final Pattern OK = Pattern.compile("OK [0-9]{1,10}\n");
    private static final int MAX_ANSWER_BYTES = 32;

    private final Vertx vertx;
    private final NetClient client;

    public AgentSocket(Vertx vertx) {
        this.vertx = vertx;
        this.client = vertx.createNetClient(new NetClientOptions().setConnectTimeout((int) LIMIT.toMillis()));
    }

    /** Straight to the guest, where the hypervisor passes on whatever comes: a port of virtio-serial. */
    public Future<NetSocket> port(Machine machine) {
        return connected(machine, connection -> Future.succeededFuture());
    }

    /** Through the vsock of Firecracker and Cloud Hypervisor, which ask where to first. */
    public Future<NetSocket> vsock(Machine machine) {
        return connected(machine, this::ask);
    }

    /** What must be said on a fresh connection before it leads to the guest. */
    @FunctionalInterface
    private interface Entrance {
        Future<Void> through(NetSocket connection);
    }

    /** From outside an event loop something could be heard before there is anybody to hear it. */
    private Future<NetSocket> connected(Machine machine, Entrance entrance) {
        var done = Promise.<NetSocket>promise();
        var path = machine.directory().agentSocket().toString();
        vertx.getOrCreateContext()
                .runOnContext(here -> client.connect(SocketAddress.domainSocketAddress(path))
                        .compose(connection -> {
                            connection.pause();
                            return entrance.through(connection)
                                    .map(connection)
                                    .onFailure(refused -> connection.close());
                        })
                        .recover(cause -> Future.failedFuture(typed(machine, cause)))
                        .onComplete(done));
        return done.future();
    }

    /** The agent says nothing before it is spoken to: what else comes with the answer is nobody's. */
    private Future<Void> ask(NetSocket connection) {
        var answer = Promise.<Void>promise();
        var heard = Buffer.buffer();
        connection.handler(bytes -> {
            heard.appendBuffer(bytes);
            var end = heard.toString().indexOf('\n') + 1;
            if (end > 0 || heard.length() > MAX_ANSWER_BYTES) {
                connection.pause();
                if (OK.matcher(heard.getString(0, end)).matches()) {
                    answer.tryComplete();
                } else {
                    answer.tryFail(refused("its answer is not understood"));
                }
            }
        });
        connection.exceptionHandler(answer::tryFail);
        connection.closeHandler(refused -> answer.tryFail(refused("nobody listens in its guest")));
        var late = vertx.setTimer(
                LIMIT.toMillis(), timer -> answer.tryFail(refused("no answer within " + LIMIT.toMillis() + " ms")));
        connection.write(CONNECT);
        connection.resume();
        return answer.future().onComplete(done -> vertx.cancelTimer(late));
    }

    private static HypervisorException refused(String why) {
        return new HypervisorException(ReasonCode.AGENT_FAILED, why);
    }

    private static HypervisorException typed(Machine machine, Throwable cause) {
        String why;
        if (cause instanceof HypervisorException) {
            why = cause.getMessage();
        } else {
            why = UnixHttp.nobodyListens(cause) ? "nobody listens at its socket" : "its socket failed";
        }
        return new HypervisorException(
                ReasonCode.AGENT_FAILED, "vm " + machine.vmId() + " cannot be connected to its agent: " + why, cause);
    }
}
