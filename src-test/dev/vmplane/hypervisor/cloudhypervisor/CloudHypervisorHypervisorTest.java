package dev.vmplane.hypervisor.cloudhypervisor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.host.GuestNetwork;
import dev.vmplane.host.Link;
import dev.vmplane.host.ProcessEnd;
import dev.vmplane.hypervisor.AgentSocket;
import dev.vmplane.hypervisor.HypervisorException;
import dev.vmplane.hypervisor.Inspection;
import dev.vmplane.hypervisor.Machine;
import dev.vmplane.hypervisor.UnixHttp;
import dev.vmplane.hypervisor.UnixHttp.Call;
import dev.vmplane.hypervisor.simulator.SimulatorRig;
import dev.vmplane.model.Backend;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.VmmProcess;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The driver over real sockets, against the simulator. */
class CloudHypervisorHypervisorTest {
    private static final int LIMIT_SECONDS = 30;
    private static final Map<String, String> QUICK = Map.of("SIM_BOOT_MS", "1");

    private final Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
    private SimulatorRig rig;
    private CloudHypervisorHypervisor hypervisor;

    @BeforeEach
    void start() throws Exception {
        rig = got(SimulatorRig.start(vertx));
        hypervisor = rig.cloudHypervisor();
    }

    @AfterEach
    void stop() throws Exception {
        got(vertx.close());
        rig.delete();
    }

    @Test
    void aMachineThatWasLaunchedHasNotStarted() throws Exception {
        var machine = rig.machine(1, QUICK);

        got(hypervisor.launch(machine));

        assertThat(got(hypervisor.inspect(machine))).isEqualTo(Inspection.NOT_STARTED);
    }

    @Test
    void aConfiguredMachineHasNotStarted() throws Exception {
        var machine = rig.machine(1, QUICK);
        got(hypervisor.launch(machine));

        got(hypervisor.configure(machine));

        assertThat(got(hypervisor.inspect(machine))).isEqualTo(Inspection.NOT_STARTED);
    }

    @Test
    void aBootedGuestStartsItsProgram() throws Exception {
        var machine = rig.machine(1, QUICK);
        got(hypervisor.launch(machine));
        got(hypervisor.configure(machine));

        got(hypervisor.boot(machine));

        got(rig.printed(machine, "vmplane-guest: started pid=1 uptime_ms=1\r\n"));
        assertThat(got(hypervisor.inspect(machine))).isEqualTo(Inspection.RUNNING);
    }

    @Test
    void everyStepOfALifeMayBeRepeated() throws Exception {
        var machine = rig.machine(1, QUICK);

        var first = got(hypervisor.launch(machine));
        var second = got(hypervisor.launch(machine));
        for (var round = 0; round < 2; round++) {
            got(hypervisor.configure(machine));
        }
        for (var round = 0; round < 2; round++) {
            got(hypervisor.boot(machine));
            got(hypervisor.configure(machine));
        }
        for (var round = 0; round < 2; round++) {
            got(hypervisor.pause(machine));
        }
        var paused = got(hypervisor.inspect(machine));
        for (var round = 0; round < 2; round++) {
            got(hypervisor.resume(machine));
        }
        var resumed = got(hypervisor.inspect(machine));
        for (var round = 0; round < 2; round++) {
            got(hypervisor.kill(machine, first));
        }

        assertThat(second).isEqualTo(first);
        assertThat(List.of(paused, resumed)).containsExactly(Inspection.PAUSED, Inspection.RUNNING);
    }

    @Test
    void halfAMachineOfAFormerTryIsReplaced() throws Exception {
        var machine = rig.machine(1, QUICK);
        got(hypervisor.launch(machine));
        got(tell(machine, HttpMethod.PUT, "vm.create", "{\"payload\":{\"kernel\":\"/nowhere\"}}"));

        got(hypervisor.configure(machine));

        got(hypervisor.boot(machine));
        got(rig.printed(machine, "vmplane-guest: started"));
    }

    @Test
    void aMissingKernelFailsTheBootWithoutNamingItsPath() throws Exception {
        var machine = rig.machine(1, QUICK);
        Files.delete(machine.kernel());
        got(hypervisor.launch(machine));
        got(hypervisor.configure(machine));

        var refusal = failure(hypervisor.boot(machine));

        assertThat(refusal.reason().code()).isEqualTo(ReasonCode.HYPERVISOR_REFUSED);
        assertThat(refusal.getMessage())
                .startsWith("vm vm-1 cannot boot: ")
                .contains("Cannot open kernel file")
                .doesNotContain("/tmp");
    }

    @Test
    void aMachineThatCouldNotBootDoesNotBootWithoutItsDisks() throws Exception {
        var machine = rig.machine(1, QUICK);
        Files.delete(machine.directory().configDisk());
        got(hypervisor.launch(machine));
        got(hypervisor.configure(machine));

        var first = failure(hypervisor.boot(machine));
        var second = failure(hypervisor.boot(machine));

        assertThat(first).hasMessageContaining("Cannot open disk path");
        assertThat(second).hasMessageContaining("VM config is missing");
        assertThat(got(hypervisor.inspect(machine))).isEqualTo(Inspection.NOT_STARTED);
    }

    @Test
    void aMachineThatCouldNotBootCanBeConfiguredAgain() throws Exception {
        var machine = rig.machine(1, QUICK);
        var kernel = Files.readString(machine.kernel());
        Files.delete(machine.kernel());
        got(hypervisor.launch(machine));
        got(hypervisor.configure(machine));
        failure(hypervisor.boot(machine));
        Files.writeString(machine.kernel(), kernel);

        got(hypervisor.configure(machine));

        got(hypervisor.boot(machine));
        assertThat(got(hypervisor.inspect(machine))).isEqualTo(Inspection.RUNNING);
    }

    @Test
    void aGuestThatIsAskedToEndSaysGoodbyeAndItsProcessEnds() throws Exception {
        var machine = rig.machine(1, QUICK);
        var process = got(rig.up(hypervisor, machine));
        var ended = hypervisor.ended(machine, process);

        got(hypervisor.stop(machine));

        got(ended);
        assertThat(Files.readString(machine.directory().console())).endsWith("vmplane-guest: exit status=0\r\n");
        assertThat(got(rig.processes().running())).isEmpty();
        assertThat(machine.directory().apiSocket()).doesNotExist();
    }

    @Test
    void aPausedGuestCanBeAskedToEnd() throws Exception {
        var machine = rig.machine(1, QUICK);
        var process = got(rig.up(hypervisor, machine));
        got(hypervisor.pause(machine));

        got(hypervisor.stop(machine));

        got(hypervisor.ended(machine, process));
    }

    @Test
    void aMachineThatIsGoneNeedsNoAskingToEnd() throws Exception {
        var machine = rig.machine(1, QUICK);
        var process = got(rig.up(hypervisor, machine));
        got(hypervisor.kill(machine, process));

        got(hypervisor.stop(machine));
    }

    @Test
    void aMachineThatHasNotStartedCannotBePausedNorAskedToEnd() throws Exception {
        var machine = rig.machine(1, QUICK);
        got(hypervisor.launch(machine));

        var pause = failure(hypervisor.pause(machine));
        var stop = failure(hypervisor.stop(machine));

        assertThat(pause.reason().code()).isEqualTo(ReasonCode.HYPERVISOR_REFUSED);
        assertThat(stop).hasMessageEndingWith("VM is not running");
    }

    @Test
    void aGuestThatResetsItsMachineEndsItsProcessAndItsWordsStay() throws Exception {
        var machine = rig.machine(1, Map.of("SIM_BOOT_MS", "1", "SIM_CRASH_AFTER_MS", "1"));
        var process = got(hypervisor.launch(machine));
        got(hypervisor.configure(machine));

        got(hypervisor.boot(machine));

        got(hypervisor.ended(machine, process));
        assertThat(Files.readString(machine.directory().console())).contains("vmplane-guest: started");
    }

    @Test
    void aGuestThatResetsItsMachineBeforeItsBootIsConcludedBootsAgain() throws Exception {
        var machine = rig.machine(1, Map.of("SIM_BOOT_MS", "1", "SIM_CRASH_AFTER_MS", "500"));
        var process = got(hypervisor.launch(machine));
        got(hypervisor.configure(machine));
        got(tell(machine, HttpMethod.PUT, "vm.boot", null));
        got(rig.printed(machine, "vmplane-guest: started"));
        var ended = hypervisor.ended(machine, process);

        got(hypervisor.adopt(machine, process));

        got(ended);
    }

    @Test
    void memoryThatIsReclaimedIsGivenBack() throws Exception {
        var machine = rig.machine(1, QUICK);
        got(rig.up(hypervisor, machine));

        got(hypervisor.reclaim(machine, 48));
        var less = memoryOf(machine);
        got(hypervisor.reclaim(machine, 0));

        assertThat(less).isEqualTo(80L * 1024 * 1024);
        assertThat(memoryOf(machine)).isEqualTo(128L * 1024 * 1024);
    }

    @Test
    void aDriverThatHasJustStartedAdoptsWhatRuns() throws Exception {
        var machine = rig.machine(1, QUICK);
        var process = got(rig.up(hypervisor, machine));
        var successor = rig.cloudHypervisor();

        var found = got(successor.adopt(machine, process));

        assertThat(found).isEqualTo(Inspection.RUNNING);
        assertThat(got(rig.processes().running())).containsOnly(Map.entry("vm-1", process));
        got(successor.kill(machine, process));
        got(successor.ended(machine, process));
    }

    @Test
    void aMachineThatWasNeverStartedIsAdoptedAsThat() throws Exception {
        var machine = rig.machine(1, QUICK);
        var process = got(hypervisor.launch(machine));
        got(hypervisor.configure(machine));

        var found = got(hypervisor.adopt(machine, process));

        assertThat(found).isEqualTo(Inspection.NOT_STARTED);
    }

    @Test
    void aReleasedProcessIsNoLongerWatched() throws Exception {
        var machine = rig.machine(1, QUICK);
        var process = got(rig.up(hypervisor, machine));
        var ended = hypervisor.ended(machine, process);
        hypervisor.release(machine, process);

        got(hypervisor.kill(machine, process));

        assertThat(ended.isComplete()).isFalse();
    }

    @Test
    void theSocketOfADeadProcessIsNotInTheWayOfTheNext() throws Exception {
        var machine = rig.machine(1, QUICK);
        var dead = got(hypervisor.launch(machine));
        got(hypervisor.kill(machine, dead));
        assertThat(machine.directory().apiSocket()).exists();

        var process = got(hypervisor.launch(machine));

        assertThat(process).isNotEqualTo(dead);
    }

    @Test
    void aRefusedCallFailsWithWhatTheHypervisorSaid() throws Exception {
        got(rig.behave(new JsonObject().put("refuse", new JsonArray().add("PUT /api/v1/vm.boot"))));
        var machine = rig.machine(1, QUICK);
        got(hypervisor.launch(machine));
        got(hypervisor.configure(machine));

        var refusal = failure(hypervisor.boot(machine));

        assertThat(refusal).hasMessage("vm vm-1 cannot boot: Error from API: Refused as told.");
    }

    @Test
    void aMachineThatIsRefusedTwiceCannotBeConfigured() throws Exception {
        got(rig.behave(new JsonObject().put("refuse", new JsonArray().add("PUT /api/v1/vm.create"))));
        var machine = rig.machine(1, QUICK);
        got(hypervisor.launch(machine));

        var refusal = failure(hypervisor.configure(machine));

        assertThat(refusal.reason().code()).isEqualTo(ReasonCode.CONFIGURE_FAILED);
    }

    @Test
    void aProcessThatEndsAtOnceFailsTheLaunch() throws Exception {
        got(rig.behave(new JsonObject().put("fail_launch", true)));

        var refusal = failure(hypervisor.launch(rig.machine(1, QUICK)));

        assertThat(refusal.reason().code()).isEqualTo(ReasonCode.LAUNCH_FAILED);
        assertThat(refusal).hasMessage("vm vm-1 cannot launch: its process ended at once");
    }

    @Test
    void aProcessThatNeverTakesOrdersIsNotLeftBehind() throws Exception {
        got(rig.behave(new JsonObject().put("hang", true)));

        var silence = failure(hypervisor.launch(rig.machine(1, QUICK)));

        assertThat(silence.reason().code()).isEqualTo(ReasonCode.HYPERVISOR_SILENT);
        assertThat(got(rig.processes().running())).isEmpty();
    }

    @Test
    void aRealGuestNeedsATapDevice() throws Exception {
        var real = new CloudHypervisorHypervisor(
                Backend.CLOUD_HYPERVISOR,
                "cloud-hypervisor",
                rig.processes(),
                new UnixHttp(vertx),
                new AgentSocket(vertx),
                vertx.createSharedWorkerExecutor("files", 1));

        var refusal = failure(real.launch(rig.machine(1, QUICK)));

        assertThat(refusal.reason().code()).isEqualTo(ReasonCode.NETWORK_FAILED);
        assertThat(refusal).hasMessage("vm vm-1 cannot launch: cloud_hypervisor connects guests by tap devices only");
    }

    @Test
    void aTapDeviceThatIsMissingIsNotMadeUp() throws Exception {
        var network = new GuestNetwork("10.1.0.7/24", "10.1.0.1", List.of());
        var machine = linked(rig.machine(1, QUICK), new Link.Tap("no-such-tap", "02:00:00:00:00:07", network));

        var refusal = failure(hypervisor.launch(machine));

        assertThat(refusal).hasMessage("vm vm-1 cannot launch: its tap device is missing");
    }

    @Test
    void aHundredMachinesComeUpAtOnce() throws Exception {
        var machines =
                IntStream.range(0, 100).mapToObj(n -> rig.machine(n, QUICK)).toList();

        var up = got(Future.all(
                machines.stream().map(machine -> rig.up(hypervisor, machine)).toList()));

        var processes = up.<VmmProcess>list();
        assertThat(got(rig.processes().running())).hasSize(100).containsValues(processes.toArray(VmmProcess[]::new));
        var ended = new ArrayList<Future<ProcessEnd>>();
        for (var n = 0; n < machines.size(); n++) {
            ended.add(hypervisor.ended(machines.get(n), processes.get(n)));
        }
        got(Future.all(machines.stream().map(hypervisor::stop).toList()));
        got(Future.all(ended));
        assertThat(got(rig.processes().running())).isEmpty();
    }

    private long memoryOf(Machine machine) throws TimeoutException {
        return new JsonObject(got(tell(machine, HttpMethod.GET, "vm.info", null))).getLong("memory_actual_size");
    }

    /** Speaks to the process behind the driver's back. */
    private Future<String> tell(Machine machine, HttpMethod method, String endpoint, String body) {
        Path socket = machine.directory().apiSocket();
        return new UnixHttp(vertx)
                .send(
                        socket,
                        new Call(
                                "test cannot " + endpoint,
                                ReasonCode.HYPERVISOR_REFUSED,
                                method,
                                "/api/v1/" + endpoint,
                                body == null ? null : Buffer.buffer(body),
                                Duration.ofSeconds(10)));
    }

    private static Machine linked(Machine machine, Link link) {
        return new Machine(
                machine.vmId(),
                machine.directory(),
                machine.kernel(),
                machine.initramfs(),
                machine.disks(),
                machine.resources(),
                link,
                machine.cgroups());
    }

    private static <T> T got(Future<T> future) throws TimeoutException {
        return future.await(LIMIT_SECONDS, TimeUnit.SECONDS);
    }

    private static HypervisorException failure(Future<?> future) throws TimeoutException {
        var cause = got(future.<Throwable>transform((value, failure) -> Future.succeededFuture(failure)));
        assertThat(cause).isInstanceOf(HypervisorException.class);
        return (HypervisorException) cause;
    }
}
