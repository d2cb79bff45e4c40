package dev.vmplane.hypervisor.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.hypervisor.Inspection;
import dev.vmplane.hypervisor.UnixHttp;
import dev.vmplane.hypervisor.UnixHttp.Call;
import dev.vmplane.model.ReasonCode;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The simulator as a process of its own, and control planes that come and go around it. */
class SimulatorLauncherTest {
    private static final int LIMIT_SECONDS = 30;

    private Vertx vertx = vertx();
    private SimulatorRig rig;
    private SimulatorFiles place;
    private SimulatorProcesses processes;

    @BeforeEach
    void start() throws Exception {
        rig = got(SimulatorRig.start(vertx));
        got(rig.stopSimulator());
        place = new SimulatorFiles(rig.stateDir());
        processes = new SimulatorProcesses(vertx, place.socket(), new SimulatorLauncher(vertx, place)::summon);
    }

    @AfterEach
    void stop() throws Exception {
        var simulator = ProcessHandle.of(simulatorPid()).orElseThrow();
        simulator.destroyForcibly();
        simulator.onExit().get(LIMIT_SECONDS, TimeUnit.SECONDS);
        got(vertx.close());
        rig.delete();
    }

    @Test
    void theSimulatorStartsWhenItIsNeededInASessionOfItsOwn() throws Exception {
        var machine = rig.machine(1, Map.of("SIM_BOOT_MS", "1"));

        var process = got(rig.up(rig.hypervisor(processes), machine));

        assertThat(session(process.pid())).isEqualTo(process.pid()).isNotEqualTo(session(ownPid()));
    }

    @Test
    void manyWhoNeedASimulatorAtOnceGetTheSameOne() throws Exception {
        var first = new SimulatorLauncher(vertx, place);
        var second = new SimulatorLauncher(vertx, place);

        got(Future.all(first.summon(), second.summon(), first.summon()));

        assertThat(got(processes.running())).isEmpty();
    }

    @Test
    void theMachinesOutliveTheControlPlaneAndAreAdoptedByTheNext() throws Exception {
        var machine = rig.machine(1, Map.of("SIM_BOOT_MS", "1"));
        var process = got(rig.up(rig.hypervisor(processes), machine));
        got(vertx.close());
        vertx = vertx();
        processes = new SimulatorProcesses(vertx, place.socket(), new SimulatorLauncher(vertx, place)::summon);
        var hypervisor = rig.on(vertx).hypervisor(processes);

        var running = got(processes.running());

        assertThat(running).containsOnly(Map.entry("vm-1", process));
        assertThat(got(hypervisor.adopt(machine, process))).isEqualTo(Inspection.RUNNING);
        got(hypervisor.kill(machine, process));
        got(hypervisor.ended(machine, process));
    }

    @Test
    void aSimulatorThatDiesTakesItsMachinesAlongAndIsReplaced() throws Exception {
        var machine = rig.machine(1, Map.of("SIM_BOOT_MS", "1"));
        var process = got(rig.up(rig.hypervisor(processes), machine));
        var ended = processes.ended(process);

        ProcessHandle.of(process.pid()).orElseThrow().destroyForcibly();

        got(ended);
        assertThat(got(processes.running())).isEmpty();
    }

    private long simulatorPid() throws Exception {
        var who = new Call("test cannot end", ReasonCode.DEFECT, HttpMethod.GET, "/", null, Duration.ofSeconds(5));
        return new JsonObject(got(new UnixHttp(vertx).send(place.socket(), who))).getLong("pid");
    }

    private static long ownPid() {
        return ProcessHandle.current().pid();
    }

    /** Field 6 of the process's {@code stat}, counted behind the name, which may hold anything. */
    private static long session(long pid) throws IOException {
        var stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
        return Long.parseLong(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[3]);
    }

    private static Vertx vertx() {
        return Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
    }

    private static <T> T got(Future<T> future) throws Exception {
        return future.await(LIMIT_SECONDS, TimeUnit.SECONDS);
    }
}
