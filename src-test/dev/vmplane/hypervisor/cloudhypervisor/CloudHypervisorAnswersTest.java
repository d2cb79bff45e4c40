package dev.vmplane.hypervisor.cloudhypervisor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.host.Link;
import dev.vmplane.host.RunDirectory;
import dev.vmplane.hypervisor.AgentSocket;
import dev.vmplane.hypervisor.HypervisorException;
import dev.vmplane.hypervisor.Inspection;
import dev.vmplane.hypervisor.Machine;
import dev.vmplane.hypervisor.Machines;
import dev.vmplane.hypervisor.RawServer;
import dev.vmplane.hypervisor.UnixHttp;
import dev.vmplane.hypervisor.simulator.SimulatorProcesses;
import dev.vmplane.model.Backend;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Resources;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The driver against processes that answer wrongly, late, or too much. */
class CloudHypervisorAnswersTest {
    private final Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));

    @TempDir
    private Path runDir;

    private Machine machine;
    private CloudHypervisorHypervisor hypervisor;

    @BeforeEach
    void start() throws Exception {
        var directory = RunDirectory.of(runDir, "vm-1");
        Files.createDirectories(directory.path());
        machine = Machines.of(
                "vm-1",
                directory,
                runDir.resolve("vmlinux"),
                runDir.resolve("vmlinux.initramfs"),
                runDir.resolve("rootfs.ext4"),
                Resources.of(1, 128),
                new Link.Loopback("127.64.0.1"));
        var processes = new SimulatorProcesses(
                vertx, runDir.resolve("sim.sock"), () -> Future.failedFuture("there is no simulator"));
        hypervisor = new CloudHypervisorHypervisor(
                Backend.SIMULATOR,
                "cloud-hypervisor",
                processes,
                new UnixHttp(vertx),
                new AgentSocket(vertx),
                vertx.createSharedWorkerExecutor("files", 1));
    }

    @AfterEach
    void stop() throws Exception {
        got(vertx.close());
    }

    @ParameterizedTest
    @CsvSource({"Created,NOT_STARTED", "Running,RUNNING", "Paused,PAUSED", "Shutdown,ENDED"})
    void everyStateOfAMachineIsUnderstood(String state, Inspection inspection) throws Exception {
        answering(200, description(state));

        assertThat(got(hypervisor.inspect(machine))).isEqualTo(inspection);
    }

    @Test
    void aProcessWithoutAMachineHasNotStarted() throws Exception {
        answering(404, "[\"Error from API\",\"The VM info is not available\",\"VM is not created\"]");

        assertThat(got(hypervisor.inspect(machine))).isEqualTo(Inspection.NOT_STARTED);
    }

    @Test
    void aProcessThatIsTooBusyToAnswerIsNotOneWithoutAMachine() throws Exception {
        answering(503, "{ \"error\": \"Too many open connections\" }");

        assertThat(failure(hypervisor.inspect(machine)))
                .hasMessage("vm vm-1 cannot be inspected: Too many open connections");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "no json", "[]", "7", "\"Running\"", "{\"state\":"})
    void aDescriptionThatIsNoneIsNotUnderstood(String garbage) throws Exception {
        answering(200, garbage);

        var refusal = failure(hypervisor.inspect(machine));

        assertThat(refusal).hasMessage("vm vm-1 cannot be inspected: its description is not understood");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"state\":\"Running\"}",
                "{\"state\":\"Running\",\"config\":7}",
                "{\"state\":\"Running\",\"config\":{\"serial\":[]}}",
                "{\"state\":\"Running\",\"config\":{\"serial\":{\"file\":{}}}}",
                "{\"state\":\"Running\",\"config\":{\"serial\":{\"file\":\"/run/vm-2/boot/console.log\"}}}"
            })
    void aMachineWithAnotherConsoleIsAnotherMachine(String description) throws Exception {
        answering(200, description);

        var refusal = failure(hypervisor.inspect(machine));

        assertThat(refusal).hasMessage("vm vm-1 cannot be inspected: another machine answers in its place");
    }

    @ParameterizedTest
    @ValueSource(strings = {"BreakPoint", "running", ""})
    void aStateThatNobodyKnowsIsNoState(String state) throws Exception {
        answering(200, description(state));

        var refusal = failure(hypervisor.inspect(machine));

        assertThat(refusal).hasMessage("vm vm-1 cannot be inspected: its state is not understood");
    }

    @Test
    void anAnswerThatHasNoEndIsCut() throws Exception {
        listening(
                (connection, number, request) -> connection.write(RawServer.answer(200, "x".repeat(2 * 1024 * 1024))));

        var silence = failure(hypervisor.inspect(machine));

        assertThat(silence).hasMessage("vm vm-1 cannot be inspected: the answer has more than 1048576 bytes");
    }

    @Test
    void anAnswerThatComesTooLateIsNone() throws Exception {
        listening((connection, number, request) -> {});

        var silence = failure(hypervisor.inspect(machine));

        assertThat(silence.reason().code()).isEqualTo(ReasonCode.HYPERVISOR_SILENT);
        assertThat(silence).hasMessage("vm vm-1 cannot be inspected: no answer within 2000 ms");
    }

    @Test
    void aMachineThatMayHaveBeenCreatedIsLeftAloneWhenItsAnswerIsLost() throws Exception {
        var server = listening((connection, number, request) -> connection.close());

        var silence = failure(hypervisor.configure(machine));

        assertThat(silence.reason().code()).isEqualTo(ReasonCode.HYPERVISOR_SILENT);
        assertThat(server.received()).noneMatch(request -> request.contains("vm.delete"));
    }

    @Test
    void ordersThatTakeNoBodyComeWithoutOne() throws Exception {
        var server = listening((connection, number, request) -> connection.write(
                request.startsWith("GET ")
                        ? RawServer.answer(200, description("Paused"))
                        : Buffer.buffer("HTTP/1.1 204 \r\nServer: raw\r\nConnection: keep-alive\r\n\r\n")));

        got(hypervisor.boot(machine));
        got(hypervisor.pause(machine));
        got(hypervisor.stop(machine));

        assertThat(server.received())
                .extracting(request -> request.split(" ", 3)[1].replace("/api/v1/", ""))
                .containsExactly("vm.boot", "vm.pause", "vm.info", "vm.resume", "vm.power-button");
        assertThat(server.received())
                .extracting(request -> request.toLowerCase(Locale.ROOT))
                .allMatch(request -> request.endsWith("\r\n\r\n") && !request.contains("transfer-encoding"))
                .allMatch(request -> !request.contains("content-length") || request.contains("content-length: 0\r\n"));
    }

    private String description(String state) {
        var console = machine.directory().path().resolve("boot/console.log");
        return "{\"config\":{\"serial\":{\"mode\":\"File\",\"file\":\"" + console + "\"}},\"state\":\"" + state + "\"}";
    }

    private void answering(int status, String body) throws TimeoutException {
        listening((connection, number, request) -> connection.write(RawServer.answer(status, body)));
    }

    private RawServer listening(RawServer.Mouth mouth) throws TimeoutException {
        return got(RawServer.listen(vertx, machine.directory().apiSocket(), mouth));
    }

    private static <T> T got(Future<T> future) throws TimeoutException {
        return future.await(30, TimeUnit.SECONDS);
    }

    private static HypervisorException failure(Future<?> future) throws TimeoutException {
        var cause = got(future.<Throwable>transform((value, failure) -> Future.succeededFuture(failure)));
        assertThat(cause).isInstanceOf(HypervisorException.class);
        return (HypervisorException) cause;
    }
}
