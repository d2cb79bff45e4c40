package dev.vmplane.walk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Await;
import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.Nothing;
import dev.vmplane.model.Exec;
import dev.vmplane.model.Exec.Input.Act;
import dev.vmplane.model.GuestExit;
import dev.vmplane.model.RefusedException;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said to real guests through the agents in them: hooks, the time, whose they are, and what people run. */
@Tag("qemu")
class AgentWalkTest {
    private static final String PROGRAM = GuestTool.PROGRAM;

    @TempDir
    private Path home;

    private final List<String> said = new CopyOnWriteArrayList<>();
    private final AtomicReference<Exec.Output> end = new AtomicReference<>();
    private RealPlane plane;
    private String session;

    @BeforeEach
    void start() throws Exception {
        plane = RealPlane.start(GuestTool.images(home));
    }

    @AfterEach
    void stop() {
        plane.close();
    }

    @Test
    void peopleRunProgramsInAGuestAndItSaysHowItIs() {
        plane.wish("first", spec(new JsonObject()).put("warm_pool", new JsonObject().put("min", 0)));
        running("first");
        var vm = plane.vmOf("first");

        start(vm, List.of(PROGRAM, "echo", "hello"), null);
        assertThat(ended()).isEqualTo(new GuestExit(0, null));
        assertThat(said()).isEqualTo("hello red\n");

        start(vm, List.of(PROGRAM, "exit", "7"), null);
        assertThat(ended()).isEqualTo(new GuestExit(7, null));

        start(vm, List.of(PROGRAM, "cat"), null);
        type("x".repeat(60_000));
        type("y".repeat(60_000));
        act(new Exec.Input(Act.END, new byte[0], null));
        assertThat(ended()).isEqualTo(new GuestExit(0, null));
        assertThat(said()).hasSize(120_000);

        start(vm, List.of(PROGRAM, "size"), new Exec.Terminal(24, 80));
        untilSaid("24 80");
        act(new Exec.Input(Act.RESIZE, new byte[0], new Exec.Terminal(50, 132)));
        untilSaid("50 132");
        act(new Exec.Input(Act.CLOSE, new byte[0], null));
        assertThat(ended().signal()).isEqualTo(1);

        var refusal = (RefusedException) Await.failureOf(exec(vm, List.of("/no/such"), null));
        assertThat(refusal.refusal().code()).isEqualTo("not_found");
        assertThat(Await.of(plane.bus().ask(Address.vmMetrics(vm), Nothing.NOTHING))
                        .memoryTotalKib())
                .isBetween(64L * 1024, 256L * 1024);
    }

    @Test
    void aGuestThatSleptHearsTheTimeAndItsJobBeforeItServes() {
        var paused = new JsonObject().put("min", 1).put("mode", "paused");
        plane.wish("first", spec(new JsonObject().put("CITY", "Oslo")).put("warm_pool", paused));
        running("first");
        plane.heard(
                "vm.phase", event -> "paused".equals(event.getJsonObject("data").getString("to")));

        var second =
                plane.wish("second", spec(new JsonObject().put("CITY", "Rome")).put("warm_pool", paused));

        assertThat(second.status()).isEqualTo(201);
        var told = plane.visit("second.localhost", "/told").text();
        assertThat(told.lines().filter(line -> line.startsWith("/"))).hasSize(2);
        assertThat(told)
                .contains("/warm {\"hook\":\"warm\"", "/attach {\"hook\":\"attach\"", "\"job_id\":\"second\"", "Rome")
                .doesNotContain("Oslo");
        assertThat(told.substring(told.lastIndexOf("\n{"))).contains("\"tenant\":\"second\"", "\"CITY\":\"Rome\"");
        var now = Long.parseLong(plane.visit("second.localhost", "/now").text());
        assertThat(now)
                .isBetween(Instant.now().getEpochSecond() - 5, Instant.now().getEpochSecond() + 5);

        var first = plane.vmOf("first");
        plane.delete("first");
        plane.heard("vm.released", event -> first.equals(event.getString("vm_id")));
        assertThat(plane.processes()).doesNotContainKey(first);
    }

    private static JsonObject spec(JsonObject attachEnv) {
        return new JsonObject()
                .put("rootfs", GuestTool.ROOTFS)
                .put("cmd", new JsonArray().add(PROGRAM).add("serve"))
                .put("env", new JsonObject().put("COLOUR", "red"))
                .put("port", 8080)
                .put("health", new JsonObject().put("http", "/health"))
                .put(
                        "hooks",
                        new JsonObject()
                                .put("warm", new JsonObject().put("http", "/warm"))
                                .put("attach", new JsonObject().put("http", "/attach"))
                                .put("drain", new JsonObject().put("http", "/drain")))
                .put("attach_env", attachEnv);
    }

    private void running(String jobId) {
        plane.heard(
                "vm.phase",
                event -> jobId.equals(event.getString("job_id"))
                        && "running".equals(event.getJsonObject("data").getString("to")));
    }

    private void start(String vm, List<String> cmd, Exec.Terminal terminal) {
        said.clear();
        end.set(null);
        Await.of(exec(vm, cmd, terminal));
    }

    private Future<Exec.Started> exec(String vm, List<String> cmd, Exec.Terminal terminal) {
        session = "session-" + System.nanoTime();
        return plane.bus()
                .answerForAWhile(Address.execOutput(session), this::hear)
                .compose(answering -> plane.bus()
                        .ask(Address.vmExec(vm), new Exec.Start(session, cmd, Map.of(), null, null, terminal)));
    }

    private Future<Nothing> hear(Exec.Output output) {
        switch (output.kind()) {
            case STDOUT, STDERR -> said.add(new String(output.bytes(), StandardCharsets.UTF_8));
            case EXITED, LOST -> end.set(output);
        }
        return Future.succeededFuture(Nothing.NOTHING);
    }

    private void type(String text) {
        act(new Exec.Input(Act.STDIN, text.getBytes(StandardCharsets.UTF_8), null));
    }

    private void act(Exec.Input input) {
        Await.of(plane.bus().ask(Address.execInput(session), input));
    }

    private GuestExit ended() {
        Await.until(true, () -> Future.succeededFuture(end.get() != null));
        assertThat(end.get().why()).isNull();
        return end.get().exit();
    }

    private void untilSaid(String text) {
        Await.until(true, () -> Future.succeededFuture(said().contains(text)));
    }

    private String said() {
        return String.join("", said);
    }
}
