package dev.vmplane.hypervisor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Await;
import dev.vmplane.host.Link;
import dev.vmplane.host.RunDirectory;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Resources;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetSocket;
import io.vertx.junit5.VertxExtension;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The way through a vsock, as its two hypervisors let one in or do not. */
@ExtendWith(VertxExtension.class)
class AgentSocketTest {
    @TempDir
    private Path directory;

    private Vertx vertx;
    private AgentSocket agents;
    private Machine machine;

    @BeforeEach
    void open(Vertx vertx) {
        this.vertx = vertx;
        agents = new AgentSocket(vertx);
        machine = Machines.of(
                "vm-1",
                new RunDirectory(directory),
                directory,
                directory,
                directory,
                Resources.of(1, 128),
                new Link.Loopback("127.64.0.5"));
    }

    @Test
    void theCommandIsOnePieceAndWhatFollowsTheAnswerComesFromTheGuest() {
        var server = listen((connection, number, text) -> {
            if (number == 1 && text.startsWith("CONNECT")) {
                connection.write("OK 1073741824\n");
            } else {
                connection.write("you said " + text);
            }
        });

        var connection = Await.of(agents.vsock(machine));

        assertThat(server.received()).containsExactly("CONNECT 1024\n");
        assertThat(answerTo(connection, "hello")).hasToString("you said hello");
    }

    @Test
    void anAnswerMayComeInPieces() {
        listen((connection, number, text) -> connection
                .write("O")
                .compose(sent -> connection.write("K 10"))
                .compose(sent -> connection.write("24\n")));

        Await.of(agents.vsock(machine));
    }

    @Test
    void aGuestInWhichNobodyListensHangsUp() {
        listen((connection, number, text) -> connection.close());

        assertThat(failure()).isEqualTo("vm vm-1 cannot be connected to its agent: nobody listens in its guest");
    }

    @ParameterizedTest
    @ValueSource(strings = {"NO\n", "OK\n", "OK 12 and more\n", "0123456789012345678901234567890123456789"})
    void anythingElseIsNoAnswer(String answer) {
        listen((connection, number, text) -> connection.write(answer));

        assertThat(failure()).endsWith(": its answer is not understood");
    }

    @Test
    void aHypervisorThatIsSilentIsNotWaitedForLong() {
        listen((connection, number, text) -> {});

        assertThat(failure()).endsWith(": no answer within 2000 ms");
    }

    @Test
    void whereThereIsNoSocketNobodyListens() {
        assertThat(failure()).endsWith(": nobody listens at its socket");
    }

    @Test
    void thePortOfASerialDeviceIsTheGuestItself() {
        listen((connection, number, text) -> connection.write("you said " + text));

        var connection = Await.of(agents.port(machine));

        assertThat(answerTo(connection, "hello")).hasToString("you said hello");
    }

    private RawServer listen(RawServer.Mouth mouth) {
        return Await.of(RawServer.listen(vertx, machine.directory().agentSocket(), mouth));
    }

    private Buffer answerTo(NetSocket connection, String text) {
        var answer = Promise.<Buffer>promise();
        connection.handler(answer::tryComplete);
        connection.write(text);
        connection.resume();
        return Await.of(answer.future());
    }

    private String failure() {
        var failure = (HypervisorException) Await.failureOf(agents.vsock(machine));
        assertThat(failure.reason().code()).isEqualTo(ReasonCode.AGENT_FAILED);
        return failure.getMessage();
    }
}
