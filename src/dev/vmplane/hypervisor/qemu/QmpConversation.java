package dev.vmplane.hypervisor.qemu;

import static dev.vmplane.model.ReasonCode.HYPERVISOR_REFUSED;
import static dev.vmplane.model.ReasonCode.HYPERVISOR_SILENT;

import dev.vmplane.hypervisor.HypervisorException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.NetSocket;
import io.vertx.core.parsetools.RecordParser;
import java.util.ArrayList;
import java.util.List;

/**
 * One exchange in the QEMU Machine Protocol: QEMU greets, the client names its capabilities, then one command and one
 * answer at a time, told apart by id because events may come in between. A message is one line of JSON.
 *
 * <p>What QEMU says is influenced by its guest, so a line has a limit and nothing that does not fit does more harm than
 * to fail this exchange.
 */
final class QmpConversation {
    private static final int MAX_LINE_BYTES = 64 * 1024;

    private final NetSocket connection;
    private final List<QmpCommand> commands;
    private final Promise<JsonObject> last = Promise.promise();
    private boolean greeted;
    private int given;

    QmpConversation(NetSocket connection, List<QmpCommand> commands) {
        this.connection = connection;
        this.commands = new ArrayList<>(List.of(QmpCommand.of("qmp_capabilities")));
        this.commands.addAll(commands);
    }

    /** Completes with the answer to the last command, or fails at the first that is refused. */
    Future<JsonObject> begin() {
        var lines = RecordParser.newDelimited("\n", this::hear);
        lines.maxRecordSize(MAX_LINE_BYTES);
        lines.exceptionHandler(tooLong -> fail("its answer is too long"));
        connection
                .handler(lines)
                .exceptionHandler(broken -> fail("the connection broke"))
                .closeHandler(closed -> fail("it ended the connection"));
        return last.future();
    }

    private void hear(Buffer line) {
        try {
            var message = line.toJsonObject();
            if (!greeted) {
                greet(message);
            } else if (Integer.valueOf(given).equals(message.getValue("id"))) {
                obeyed(message);
            }
        } catch (DecodeException | ClassCastException | IllegalArgumentException garbage) {
            fail("its answer cannot be understood");
        }
    }

    private void greet(JsonObject message) {
        if (!message.containsKey("QMP")) {
            throw new DecodeException("not a greeting");
        }
        greeted = true;
        give(0);
    }

    private void obeyed(JsonObject answer) {
        var error = answer.getJsonObject("error");
        if (error != null) {
            var description = QemuError.withoutPaths(error.getString("desc", "no reason given"));
            last.tryFail(new HypervisorException(
                    HYPERVISOR_REFUSED,
                    "qemu cannot obey '" + commands.get(given).name() + "': " + description));
        } else if (given + 1 < commands.size()) {
            give(given + 1);
        } else {
            last.tryComplete(answer);
        }
    }

    private void give(int index) {
        given = index;
        connection.write(commands.get(index).message(index).toBuffer().appendString("\n"));
    }

    private void fail(String reason) {
        last.tryFail(new HypervisorException(HYPERVISOR_SILENT, "qemu cannot be given orders: " + reason));
    }
}
