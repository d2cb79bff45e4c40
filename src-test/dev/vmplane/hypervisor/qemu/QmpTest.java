package dev.vmplane.hypervisor.qemu;

import static dev.vmplane.host.HostRig.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmplane.host.HostRig;
import dev.vmplane.hypervisor.HypervisorException;
import dev.vmplane.model.ReasonCode;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.parsetools.RecordParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against a QEMU of our own making on a real socket, which misbehaves as told. */
final class QmpTest {
    private static final String GREETING = "{\"QMP\": {\"version\": {}, \"capabilities\": [\"oob\"]}}\r\n";
    private static final String EVENT = "{\"event\": \"STOP\", \"timestamp\": {\"seconds\": 1}}\r\n";

    private final List<String> heard = new ArrayList<>();
    private HostRig host;
    private Path socket;
    private Qmp qmp;

    @BeforeEach
    void open() throws IOException {
        host = new HostRig();
        Files.createDirectories(host.runDir);
        socket = host.runDir.resolve("api.sock");
        qmp = new Qmp(host.vertx, Duration.ofSeconds(20));
    }

    @AfterEach
    void close() throws IOException {
        host.close();
    }

    @Test
    void commandsAreGivenInOrderAndTheLastAnswerIsTheAnswer() {
        answering((connection, command) -> connection.write(obeyed(command)));

        var answer = await(order("system_powerdown", "cont"));

        assertThat(heard).containsExactly("qmp_capabilities", "system_powerdown", "cont");
        assertThat(answer.getJsonObject("return").getString("of")).isEqualTo("cont");
    }

    @Test
    void aCommandTakesItsArgumentsAlong() {
        answering((connection, command) -> connection.write(new JsonObject()
                .put("return", command.getJsonObject("arguments", new JsonObject()))
                .put("id", command.getValue("id"))
                .toBuffer()
                .appendString("\r\n")));
        var balloon = new QmpCommand("balloon", new JsonObject().put("value", 1L << 40));

        var answer = await(qmp.order(socket, List.of(balloon)));

        assertThat(answer.getJsonObject("return").getLong("value")).isEqualTo(1L << 40);
    }

    @Test
    void eventsAndAnswersToOthersArePassedOver() {
        answering((connection, command) -> connection.write(
                EVENT + "{\"return\": {}, \"id\": 99}\r\n" + "{\"return\": {}}\r\n" + obeyed(command) + EVENT));

        assertThat(await(order("stop")).getInteger("id")).isEqualTo(1);
    }

    @Test
    void anAnswerMayComeInPieces() {
        answering((connection, command) -> {
            for (var piece : obeyed(command).split("(?<=[:,])", -1)) {
                connection.write(piece);
            }
        });

        assertThat(await(order("stop")).getInteger("id")).isEqualTo(1);
    }

    @Test
    void aRefusalIsTypedAndNamesNoPath() {
        answering((connection, command) -> connection.write(
                command.getString("execute").equals("cont")
                        ? "{\"error\": {\"class\": \"GenericError\", \"desc\": \"'/a/b/c.img' is locked\"}, \"id\": 1}\r\n"
                        : obeyed(command)));

        assertThatThrownBy(() -> await(order("cont", "stop")))
                .hasMessage("qemu cannot obey 'cont': 'c.img' is locked")
                .satisfies(failed -> assertThat(codeOf(failed)).isEqualTo(ReasonCode.HYPERVISOR_REFUSED));
        assertThat(heard).doesNotContain("stop");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "garbage\n",
                "[]\n",
                "{\"return\": 1, \"id\": \n",
                "{\"error\": \"text\", \"id\": 0}\n",
                "\n",
                "\"x\"\n"
            })
    void whatCannotBeUnderstoodFailsTheOrder(String line) {
        answering((connection, command) -> connection.write(line));

        assertThatThrownBy(() -> await(order("stop")))
                .hasMessage("qemu cannot be given orders: its answer cannot be understood")
                .satisfies(failed -> assertThat(codeOf(failed)).isEqualTo(ReasonCode.HYPERVISOR_SILENT));
    }

    @Test
    void anEndlessLineIsCutOffAndHungUpOn() {
        var hungUp = io.vertx.core.Promise.<Void>promise();
        listening(connection -> {
            connection.closeHandler(closed -> hungUp.complete());
            connection.write("x".repeat(1 << 20));
        });

        assertThatThrownBy(() -> await(order())).hasMessage("qemu cannot be given orders: its answer is too long");
        await(hungUp.future());
    }

    @Test
    void oneThatHangsUpHasFailed() {
        answering((connection, command) -> connection.close());

        assertThatThrownBy(() -> await(order("stop")))
                .hasMessage("qemu cannot be given orders: it ended the connection");
    }

    @Test
    void oneThatNeverAnswersIsSilentAndLeftAlone() {
        var hungUp = io.vertx.core.Promise.<Void>promise();
        listening(connection -> connection.closeHandler(closed -> hungUp.complete()));
        var impatient = new Qmp(host.vertx, Duration.ofMillis(50));

        assertThatThrownBy(() -> await(impatient.order(socket, List.of())))
                .hasMessage("qemu cannot be given orders: no answer within 50 ms")
                .satisfies(failed -> assertThat(codeOf(failed)).isEqualTo(ReasonCode.HYPERVISOR_SILENT));
        await(hungUp.future());
    }

    @Test
    void withoutASocketNobodyListens() {
        assertThatThrownBy(() -> await(order()))
                .hasMessage("qemu cannot be given orders: nobody listens to it")
                .satisfies(failed -> assertThat(codeOf(failed)).isEqualTo(ReasonCode.HYPERVISOR_SILENT));
    }

    private Future<JsonObject> order(String... commands) {
        return qmp.order(socket, Stream.of(commands).map(QmpCommand::of).toList());
    }

    private void answering(BiConsumer<NetSocket, JsonObject> answer) {
        listening(connection -> {
            connection.handler(RecordParser.newDelimited("\n", line -> {
                var command = line.toJsonObject();
                heard.add(command.getString("execute"));
                answer.accept(connection, command);
            }));
            connection.write(GREETING);
        });
    }

    private void listening(io.vertx.core.Handler<NetSocket> client) {
        await(host.vertx
                .createNetServer()
                .connectHandler(client)
                .listen(SocketAddress.domainSocketAddress(socket.toString())));
    }

    private static String obeyed(JsonObject command) {
        var of = new JsonObject().put("of", command.getString("execute"));
        return new JsonObject()
                        .put("return", of)
                        .put("id", command.getValue("id"))
                        .encode()
                + "\r\n";
    }

    private static ReasonCode codeOf(Throwable failed) {
        return ((HypervisorException) failed).reason().code();
    }
}
