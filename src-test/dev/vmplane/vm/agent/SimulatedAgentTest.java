package dev.vmplane.vm.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Await;
import dev.vmplane.bus.VertxTime;
import dev.vmplane.hypervisor.Hypervisor;
import dev.vmplane.hypervisor.Machine;
import dev.vmplane.hypervisor.simulator.SimulatorRig;
import dev.vmplane.model.Exec;
import dev.vmplane.model.GuestExit;
import dev.vmplane.model.Hooks.Hook;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Both ends of the protocol against each other: our link, and the agent of a simulated guest. */
class SimulatedAgentTest {
    private final Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
    private final Context context = vertx.getOrCreateContext();
    private final SimulatorRig rig = Await.of(SimulatorRig.start(vertx));
    private final Hypervisor hypervisor = rig.hypervisor();
    private final List<String> said = new CopyOnWriteArrayList<>();
    private final Promise<Object> end = Promise.promise();
    private Machine machine;
    private AgentLink link;

    @BeforeEach
    void start() {
        boot(Map.of("SIM_BOOT_MS", "1", "COLOUR", "blue"));
    }

    private void boot(Map<String, String> env) {
        machine = rig.machine(env.size(), env);
        Await.of(rig.up(hypervisor, machine));
        link = new AgentLink(machine.vmId(), () -> hypervisor.agent(machine), new VertxTime(vertx));
    }

    @AfterEach
    void stop() {
        Await.of(vertx.close());
        rig.delete();
    }

    @Test
    void aHookAnswersAsTheSimulatorWasTold() {
        boot(Map.of("SIM_BOOT_MS", "1", "SIM_HOOK_MS", "1", "SIM_HOOK_STATUS", "503"));
        var hook = new Hook("/warm", 8080, Duration.ofSeconds(5));

        assertThat(on(() -> link.hook(hook, Buffer.buffer("{}")))).isEqualTo(503);
    }

    @Test
    void whatAGuestIsToldItTakes() {
        on(() -> link.attach(new Attachment("web", "acme", Map.of("A", "b"))));
        on(() -> link.wake(Instant.now(), Buffer.buffer("0123456789abcdef")));

        assertThat(on(link::metrics).memoryTotalKib()).isEqualTo(128 * 1024);
    }

    @Test
    void aGuestThatIsAskedToEndEnds() {
        on(link::stop);

        Await.of(rig.printed(machine, "vmplane-guest: exit status=0"));
    }

    @Test
    void aProgramEchoesAndEnds() {
        exec(List.of("echo", "hello", "world"));

        assertThat(Await.of(end.future())).isEqualTo(new GuestExit(0, null));
        assertThat(said()).isEqualTo("hello world\n");
    }

    @Test
    void aProgramEndsWithTheStatusItIsTold() {
        exec(List.of("exit", "7"));

        assertThat(Await.of(end.future())).isEqualTo(new GuestExit(7, null));
    }

    @Test
    void aProgramHasTheEnvironmentOfTheGuestAndItsOwn() {
        exec(List.of("env"));

        Await.of(end.future());
        assertThat(said()).contains("COLOUR=blue\n", "TERM=dumb\n");
    }

    @Test
    void aProgramThatDoesNotExistIsRefused() {
        var failure =
                (AgentException) Await.failureOf(promised(() -> link.exec(command(List.of("/no/such"), null), ear())));

        assertThat(failure.code()).isEqualTo("not_found");
    }

    @Test
    void whatIsTypedComesBackWholeHoweverMuchItIs() {
        var session = exec(List.of("cat"));

        for (var i = 0; i < 10; i++) {
            on(() -> session.input(Buffer.buffer("x".repeat(60_000))));
        }
        run(session::endInput);

        assertThat(Await.of(end.future())).isEqualTo(new GuestExit(0, null));
        assertThat(said()).hasSize(600_000);
    }

    @Test
    void aProgramThatNeverStopsTalkingIsHungUpOn() {
        var session = exec(List.of("yes"));
        Await.until(true, () -> Future.succeededFuture(said().length() > 10 * ExecSession.WINDOW_BYTES));

        run(session::close);

        assertThat(Await.of(end.future())).isEqualTo(new GuestExit(null, 1));
    }

    @Test
    void aTerminalHasASizeThatCanChange() {
        var session = Await.of(promised(() -> link.exec(command(List.of("size"), new Exec.Terminal(24, 80)), ear())));

        run(() -> session.resize(50, 132));

        Await.until(true, () -> Future.succeededFuture(said().equals("24 80\n50 132\n")));
    }

    @Test
    void aPausedGuestSaysNothingUntilItIsResumed() {
        Await.of(hypervisor.pause(machine));
        var metrics = promised(link::metrics);
        Await.of(hypervisor.inspect(machine));
        assertThat(metrics.isComplete()).isFalse();

        Await.of(hypervisor.resume(machine));

        Await.of(metrics);
    }

    @Test
    void aProgramInAMachineThatDiesIsLost() {
        exec(List.of("cat"));
        var processes = rig.processes();

        Await.of(processes.running().compose(all -> processes.kill(machine.directory(), all.get(machine.vmId()))));

        assertThat(Await.failureOf(end.future())).isInstanceOf(AgentException.class);
    }

    @Test
    void aGuestWithoutAnAgentIsNotWaitedForByWhoeverWantsItsEnd() {
        boot(Map.of("SIM_BOOT_MS", "1", "SIM_NO_AGENT", "true", "A", "b", "C", "d"));

        assertThat(((AgentException) Await.failureOf(promised(link::stop))).isUnreachable())
                .isTrue();
    }

    private String said() {
        return String.join("", said);
    }

    private ExecSession exec(List<String> cmd) {
        return on(() -> link.exec(command(cmd, null), ear()));
    }

    private static ExecCommand command(List<String> cmd, Exec.Terminal terminal) {
        return new ExecCommand(cmd, Map.of("TERM", "dumb"), null, null, terminal);
    }

    private ExecSession.Output ear() {
        return new ExecSession.Output() {
            @Override
            public Future<Void> took(boolean stderr, Buffer bytes) {
                said.add(bytes.toString());
                return Future.succeededFuture();
            }

            @Override
            public void ended(GuestExit exit) {
                end.complete(exit);
            }

            @Override
            public void lost(AgentException why) {
                end.fail(why);
            }
        };
    }

    private <T> T on(Supplier<Future<T>> act) {
        return Await.of(promised(act));
    }

    private void run(Runnable act) {
        on(() -> {
            act.run();
            return Future.succeededFuture();
        });
    }

    private <T> Future<T> promised(Supplier<Future<T>> act) {
        var done = Promise.<T>promise();
        context.runOnContext(here -> act.get().onComplete(done));
        return done.future();
    }
}
