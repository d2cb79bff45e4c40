package dev.vmplane.hypervisor.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmplane.Await;
import dev.vmplane.host.Link;
import dev.vmplane.host.ProcessOrder;
import dev.vmplane.hypervisor.Hypervisor;
import dev.vmplane.hypervisor.Machine;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.SocketAddress;
import java.net.ConnectException;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What simulated guests do, and how they can be made to misbehave. */
class SimulatorTest {
    private static final int LIMIT_SECONDS = 30;

    private final Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
    private SimulatorRig rig;
    private Hypervisor hypervisor;

    @BeforeEach
    void start() throws Exception {
        rig = got(SimulatorRig.start(vertx));
        hypervisor = rig.hypervisor();
    }

    @AfterEach
    void stop() throws Exception {
        got(vertx.close());
        rig.delete();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            /        | 200 | hello from vm-1, simulated
            /health  | 200 | ok
            /nowhere | 404 | not found
            """)
    void aGuestServesItsSite(String path, int status, String text) throws Exception {
        var machine = up(Map.of());

        var answer = got(get(machine, path));

        assertThat(answer.statusCode()).isEqualTo(status);
        assertThat(got(answer.body()).toString()).isEqualToIgnoringNewLines(text);
    }

    @Test
    void aGuestShowsItsEnvironment() throws Exception {
        var machine = up(Map.of("GREETING", "\"hello\"\n"));

        var env = got(got(get(machine, "/env")).body()).toJsonObject();

        assertThat(env.getString("GREETING")).isEqualTo("\"hello\"\n");
    }

    @Test
    void aGuestListensAtThePortOfItsEnvironment() throws Exception {
        var machine = up(Map.of("PORT", "4000"));

        var answer = got(get(address(machine), 4000, "/health"));

        assertThat(answer.statusCode()).isEqualTo(200);
    }

    @Test
    void aGuestSaysEverythingBackOnItsWebSocket() throws Exception {
        var machine = up(Map.of());
        Promise<String> heard = Promise.promise();
        var socket = got(vertx.createWebSocketClient().connect(8080, address(machine), "/ws"));
        socket.textMessageHandler(heard::tryComplete);

        socket.writeTextMessage("echo");

        assertThat(got(heard.future())).isEqualTo("echo");
    }

    @Test
    void aGuestThatIsToldToExitEndsWithThatStatus() throws Exception {
        var machine = rig.machine(1, quick(Map.of()));
        var process = got(rig.up(hypervisor, machine));

        got(get(machine, "/exit/3"));

        got(hypervisor.ended(machine, process));
        assertThat(Files.readString(machine.directory().console())).endsWith("vmplane-guest: exit status=3\r\n");
    }

    @Test
    void aGuestEndsByItselfWhenItsEnvironmentSaysSo() throws Exception {
        var machine = rig.machine(1, quick(Map.of("SIM_EXIT_AFTER_MS", "1", "SIM_EXIT_STATUS", "9")));
        var process = got(rig.up(hypervisor, machine));

        got(hypervisor.ended(machine, process));

        assertThat(Files.readString(machine.directory().console())).endsWith("vmplane-guest: exit status=9\r\n");
    }

    @Test
    void aCrashIsAnEndWithoutGoodbye() throws Exception {
        var machine = rig.machine(1, quick(Map.of("SIM_CRASH_AFTER_MS", "1")));
        var process = got(rig.up(hypervisor, machine));

        got(hypervisor.ended(machine, process));

        assertThat(Files.readString(machine.directory().console())).doesNotContain("exit");
    }

    @Test
    void anUnhealthyGuestAnswersItsCheckWith503() throws Exception {
        var machine = up(Map.of("SIM_UNHEALTHY", "true"));

        assertThat(got(get(machine, "/health")).statusCode()).isEqualTo(503);
    }

    @Test
    void aVmCanBeMadeToMisbehaveWhileItRuns() throws Exception {
        var machine = up(Map.of("SIM_UNHEALTHY", "false"));

        got(rig.behave("vm-1", new JsonObject().put("unhealthy", true)));

        assertThat(got(get(machine, "/health")).statusCode()).isEqualTo(503);
    }

    @Test
    void aGuestThatIgnoresTheWishToEndRunsOn() throws Exception {
        var machine = up(Map.of("SIM_IGNORE_STOP", "true"));

        got(hypervisor.stop(machine));

        assertThat(got(get(machine, "/health")).statusCode()).isEqualTo(200);
    }

    @Test
    void aPausedGuestAnswersWhenItIsResumed() throws Exception {
        var machine = up(Map.of());
        got(hypervisor.pause(machine));
        var answer = get(machine, "/health");
        assertThatThrownBy(() -> answer.timeout(100, TimeUnit.MILLISECONDS).await())
                .isInstanceOf(TimeoutException.class);

        got(hypervisor.resume(machine));

        assertThat(got(answer).statusCode()).isEqualTo(200);
    }

    @Test
    void aGuestThatIsPausedWhileItBootsStartsWhenItIsResumed() throws Exception {
        var machine = rig.machine(1, Map.of("SIM_BOOT_MS", "50"));
        got(hypervisor.launch(machine));
        got(hypervisor.configure(machine));
        got(hypervisor.boot(machine));
        got(hypervisor.pause(machine));

        got(hypervisor.resume(machine));

        got(rig.printed(machine, "vmplane-guest: started"));
    }

    @Test
    void aDamagedConfigurationEndsTheGuestWithTheReason() throws Exception {
        var machine = rig.machine(1, Map.of());
        Files.writeString(machine.directory().configDisk(), "rubbish");
        var process = got(hypervisor.launch(machine));
        got(hypervisor.configure(machine));
        got(hypervisor.boot(machine));

        got(hypervisor.ended(machine, process));

        assertThat(Files.readString(machine.directory().console()))
                .endsWith("vmplane-guest: cannot read the configuration: not a configuration disk\r\n");
    }

    @Test
    void anAddressThatIsTakenEndsTheGuest() throws Exception {
        up(Map.of());
        var twin = rig.machine(2, quick(Map.of()));
        Files.copy(
                rig.machine(1, quick(Map.of())).directory().configDisk(),
                twin.directory().configDisk(),
                StandardCopyOption.REPLACE_EXISTING);
        var process = got(hypervisor.launch(twin));
        got(hypervisor.configure(twin));
        got(hypervisor.boot(twin));

        got(hypervisor.ended(twin, process));

        assertThat(Files.readString(twin.directory().console()))
                .contains("vmplane-guest: cannot listen: ")
                .endsWith("vmplane-guest: exit status=1\r\n");
    }

    @Test
    void theSocketOfADeadProcessStaysAndRefuses() throws Exception {
        var machine = rig.machine(1, quick(Map.of()));
        var process = got(rig.up(hypervisor, machine));

        got(hypervisor.kill(machine, process));

        assertThat(machine.directory().apiSocket()).exists();
        assertThatThrownBy(() -> got(connect(machine))).isInstanceOf(ConnectException.class);
    }

    @Test
    void aProcessWhoseSocketPathIsOccupiedEndsAndLeavesItAlone() throws Exception {
        var directory = rig.machine(1, Map.of()).directory();
        Files.writeString(directory.apiSocket(), "mine");
        var command = List.of("firecracker", "--id", "vm-1", "--api-sock", directory.apiSocket() + "");

        var processes = rig.processes();
        var process = got(processes.start(new ProcessOrder(directory, command, directory.console(), List.of())));

        got(processes.ended(process));
        assertThat(directory.apiSocket()).hasContent("mine");
    }

    @Test
    void aConnectionMoreThanFirecrackerTakesIsClosed() throws Exception {
        var machine = rig.machine(1, Map.of());
        got(hypervisor.launch(machine));
        got(Future.all(IntStream.range(0, 11).mapToObj(n -> connect(machine)).toList()));

        var closed = Await.onLoop(
                vertx,
                () -> connect(machine).compose(twelfth -> {
                    Promise<Void> end = Promise.promise();
                    twelfth.closeHandler(end::complete);
                    return end.future();
                }));

        got(closed);
    }

    private Machine up(Map<String, String> env) {
        var machine = rig.machine(1, quick(env));
        got(rig.up(hypervisor, machine));
        return machine;
    }

    private Future<NetSocket> connect(Machine machine) {
        return vertx.createNetClient()
                .connect(SocketAddress.domainSocketAddress(
                        machine.directory().apiSocket().toString()));
    }

    private static String address(Machine machine) {
        return ((Link.Loopback) machine.link()).address();
    }

    private Future<HttpClientResponse> get(Machine machine, String path) {
        return get(address(machine), 8080, path);
    }

    private Future<HttpClientResponse> get(String address, int port, String path) {
        return Await.onLoop(
                vertx,
                () -> vertx.createHttpClient()
                        .request(HttpMethod.GET, port, address, path)
                        .compose(HttpClientRequest::send)
                        .compose(response -> response.body().map(response)));
    }

    private static Map<String, String> quick(Map<String, String> env) {
        var quick = new HashMap<>(env);
        quick.put("SIM_BOOT_MS", "1");
        return quick;
    }

    private static <T> T got(Future<T> future) {
        return future.timeout(LIMIT_SECONDS, TimeUnit.SECONDS).await();
    }
}
