package dev.vmplane.hypervisor.qemu;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import dev.vmplane.hypervisor.HypervisorException;
import dev.vmplane.model.ReasonCode;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeoutException;

/**
 * Gives orders to QEMU in its Machine Protocol. Every conversation has a connection of its own, closed after the last
 * answer: QEMU speaks to one client at a time, a quiet VM holds no descriptor of ours, and there is nothing to keep, to
 * mend or to let go of. Greeting anew makes an order take one to two milliseconds.
 *
 * <p>The events that QEMU sends in between are passed over. Hearing them all would take a connection for each VM, which
 * would be QEMU's only one, and they tell nothing new: the end of the process is watched, and a guest that panics or
 * reboots gives the same {@code SHUTDOWN} as one that has been asked to, because all of these end in a reset.
 */
final class Qmp {
    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(2);

    private final Vertx vertx;
    private final NetClient client;
    private final Duration answerLimit;

    /** Every conversation must end within {@code answerLimit} of being connected. */
    Qmp(Vertx vertx, Duration answerLimit) {
        this.vertx = vertx;
        this.client = vertx.createNetClient(new NetClientOptions().setConnectTimeout((int) CONNECT_LIMIT.toMillis()));
        this.answerLimit = answerLimit;
    }

    /**
     * Gives {@code commands}, each when the one before has been obeyed, to the QEMU listening at {@code socket}.
     * Completes with the answer to the last. No command at all asks whether QEMU takes orders.
     */
    Future<JsonObject> order(Path socket, List<QmpCommand> commands) {
        Promise<JsonObject> last = Promise.promise();
        // From outside an event loop the greeting could arrive before there is anybody to hear it.
        vertx.getOrCreateContext()
                .runOnContext(here -> client.connect(SocketAddress.domainSocketAddress(socket.toString()))
                        .compose(connection -> converse(connection, commands))
                        .recover(failed -> Future.failedFuture(typed(failed)))
                        .onComplete(last));
        return last.future();
    }

    private Future<JsonObject> converse(NetSocket connection, List<QmpCommand> commands) {
        return new QmpConversation(connection, commands)
                .begin()
                .timeout(answerLimit.toMillis(), MILLISECONDS)
                .eventually(connection::close);
    }

    private HypervisorException typed(Throwable failed) {
        if (failed instanceof HypervisorException told) {
            return told;
        }
        var reason = failed instanceof TimeoutException
                ? "no answer within " + answerLimit.toMillis() + " ms"
                : "nobody listens to it";
        return new HypervisorException(ReasonCode.HYPERVISOR_SILENT, "qemu cannot be given orders: " + reason, failed);
    }
}
