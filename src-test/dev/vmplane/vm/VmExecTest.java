package dev.vmplane.vm;

import static dev.vmplane.vm.VmRig.VM;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Await;
import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.Nothing;
import dev.vmplane.bus.Bus;
import dev.vmplane.model.Exec;
import dev.vmplane.model.Exec.Input.Act;
import dev.vmplane.model.Exec.Output.Kind;
import dev.vmplane.model.GuestExit;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import dev.vmplane.vm.agent.AgentExceptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Programs that people run in a guest, as whoever speaks for them sees it on the bus. */
@ExtendWith(VertxExtension.class)
class VmExecTest {
    private static final String SESSION = "s-1";

    private final List<Exec.Output> heard = new CopyOnWriteArrayList<>();
    private VmRig rig;
    private Bus bus;

    @BeforeEach
    void open(Vertx vertx) {
        rig = new VmRig(vertx);
        bus = new Bus(vertx);
        Await.of(bus.answer(Address.execOutput(SESSION), output -> {
            heard.add(output);
            return Future.succeededFuture(Nothing.NOTHING);
        }));
    }

    @Test
    void aProgramIsStartedInTheGuest() {
        running();

        var started = Await.of(start(SESSION));

        assertThat(started.pid()).isEqualTo(42);
        var command = rig.agent.program().command();
        assertThat(command.cmd()).containsExactly("sh");
        assertThat(command.env()).isEqualTo(Map.of("A", "b"));
        assertThat(command.user()).isEqualTo("app");
        assertThat(command.workdir()).isEqualTo("/srv");
        assertThat(command.terminal()).isEqualTo(new Exec.Terminal(24, 80));
    }

    @Test
    void whatItSaysIsHeardAndItsEndIsTheLastOfIt() {
        running();
        Await.of(start(SESSION));
        var program = rig.agent.program();

        Await.of(program.says(false, "out"));
        Await.of(program.says(true, "err"));
        program.ends(new GuestExit(7, null));

        rig.until(() -> heard.size() == 3);
        assertThat(heard).extracting(Exec.Output::kind).containsExactly(Kind.STDOUT, Kind.STDERR, Kind.EXITED);
        assertThat(heard.get(0).bytes()).asString().isEqualTo("out");
        assertThat(heard.get(2).exit()).isEqualTo(new GuestExit(7, null));
        assertThat(refusal(type("late")).kind()).isEqualTo(Refusal.Kind.UNAVAILABLE);
    }

    @Test
    void whatIsTypedReachesTheProgram() {
        running();
        Await.of(start(SESSION));
        var program = rig.agent.program();

        Await.of(type("ls\n"));
        Await.of(act(new Exec.Input(Act.RESIZE, new byte[0], new Exec.Terminal(50, 132))));
        Await.of(act(new Exec.Input(Act.END, new byte[0], null)));
        Await.of(act(new Exec.Input(Act.CLOSE, new byte[0], null)));

        assertThat(program.heard()).containsExactly("input ls\n", "resize 50 132", "end", "close");
    }

    @Test
    void aReaderThatHasGoneTakesNothing() {
        running();
        Await.of(start("nobody"));

        var taken = rig.agent.program().says(false, "hello?");

        assertThat(Await.failureOf(taken)).isInstanceOf(RefusedException.class);
    }

    @Test
    void aProgramThatIsLostSaysWhy() {
        running();
        Await.of(start(SESSION));

        rig.agent.program().isLost(AgentExceptions.unreachable());

        rig.until(() -> heard.size() == 1);
        assertThat(heard.get(0).kind()).isEqualTo(Kind.LOST);
        assertThat(heard.get(0).why()).isEqualTo("the guest's agent cannot be asked: nobody listens");
    }

    @ParameterizedTest
    @CsvSource({
        "not_found, INVALID",
        "not_executable, INVALID",
        "bad_user, INVALID",
        "bad_directory, INVALID",
        "busy, BUSY",
        "io, UNAVAILABLE",
        "whatever, UNAVAILABLE"
    })
    void whatTheAgentRefusesIsRefusedInItsWords(String code, Refusal.Kind kind) {
        running();
        rig.agent.fail("exec sh", AgentExceptions.said(code + " 'sh' cannot be run: as the test says"));

        var refusal = refusal(start(SESSION));

        assertThat(refusal).isEqualTo(new Refusal(kind, code, null, "'sh' cannot be run: as the test says"));
    }

    @Test
    void noMoreProgramsAreRunAtOnceThanTheAgentCan() {
        running();
        for (var i = 0; i < ExecSessions.MAX; i++) {
            Await.of(start("s" + i));
        }

        assertThat(refusal(start("more")).kind()).isEqualTo(Refusal.Kind.BUSY);
        rig.agent.program().ends(new GuestExit(0, null));

        Await.until(true, () -> start("later").map(true).otherwise(false));
    }

    @Test
    void aGuestThatIsNotUpRunsNothing() {
        rig.booting();

        var refusal = refusal(start(SESSION));

        assertThat(refusal.kind()).isEqualTo(Refusal.Kind.CONFLICT);
        assertThat(refusal.message()).isEqualTo("vm vm-1 cannot run a program: it is BOOTING");
    }

    @Test
    void aWarmGuestRunsProgramsToo() {
        rig.warm();
        untilUp();

        Await.of(start(SESSION));
    }

    @Test
    void aGuestSaysHowItIs() {
        running();

        assertThat(Await.of(bus.ask(Address.vmMetrics(VM), Nothing.NOTHING))).isEqualTo(FakeAgent.METRICS);
    }

    @Test
    void aGuestThatCannotSayHowItIsIsNoneTheWorseForIt() {
        running();
        rig.agent.fail("metrics", AgentExceptions.unreachable());

        var refusal = refusal(bus.ask(Address.vmMetrics(VM), Nothing.NOTHING));

        assertThat(refusal.code()).isEqualTo("unreachable");
        assertThat(rig.last().serving()).isTrue();
    }

    private void running() {
        rig.running();
        untilUp();
    }

    /** What is committed the verticle hears a moment later. */
    private void untilUp() {
        Await.until(
                true,
                () -> bus.ask(Address.vmMetrics(VM), Nothing.NOTHING).map(true).otherwise(false));
    }

    private Future<Exec.Started> start(String session) {
        return bus.ask(
                Address.vmExec(VM),
                new Exec.Start(session, List.of("sh"), Map.of("A", "b"), "app", "/srv", new Exec.Terminal(24, 80)));
    }

    private Future<Nothing> type(String text) {
        return act(new Exec.Input(Act.STDIN, text.getBytes(StandardCharsets.UTF_8), null));
    }

    private Future<Nothing> act(Exec.Input input) {
        return bus.ask(Address.execInput(SESSION), input);
    }

    private static Refusal refusal(Future<?> asked) {
        return ((RefusedException) Await.failureOf(asked)).refusal();
    }
}
