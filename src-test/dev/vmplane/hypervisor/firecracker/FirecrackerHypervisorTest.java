package dev.vmplane.hypervisor.firecracker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.host.GuestNetwork;
import dev.vmplane.host.Link;
import dev.vmplane.host.ProcessEnd;
import dev.vmplane.hypervisor.HypervisorException;
import dev.vmplane.hypervisor.Inspection;
import dev.vmplane.hypervisor.Machine;
import dev.vmplane.hypervisor.UnixHttp;
import dev.vmplane.hypervisor.simulator.SimulatorRig;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Resources;
import dev.vmplane.model.VmmProcess;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
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
class FirecrackerHypervisorTest {
    private static final int LIMIT_SECONDS = 30;
    private static final Map<String, String> QUICK = Map.of("SIM_BOOT_MS", "1");

    private final Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
    private SimulatorRig rig;
    private FirecrackerHypervisor hypervisor;

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
    void aGuestThatIsAskedToEndSaysGoodbyeAndItsProcessEnds() throws Exception {
        var machine = rig.machine(1, QUICK);
        var process = got(rig.up(hypervisor, machine));
        var ended = hypervisor.ended(machine, process);

        got(hypervisor.stop(machine));

        got(ended);
        assertThat(Files.readString(machine.directory().console())).endsWith("vmplane-guest: exit status=0\r\n");
        assertThat(got(rig.processes().running())).isEmpty();
    }

    @Test
    void aProcessThatEndedBeforeItIsWatchedHasEnded() throws Exception {
        var other = rig.machine(1, QUICK);
        got(hypervisor.ended(other, killed(other)).timeout(5, TimeUnit.SECONDS));
        var watched = rig.machine(2, QUICK);
        hypervisor.ended(watched, got(rig.up(hypervisor, watched)));
        var machine = rig.machine(3, QUICK);

        got(hypervisor.ended(machine, killed(machine)));
    }

    @Test
    void aMachineThatWasNeverStartedIsAdoptedAsThat() throws Exception {
        var machine = rig.machine(1, QUICK);
        var process = got(hypervisor.launch(machine));

        var found = got(hypervisor.adopt(machine, process));

        assertThat(found).isEqualTo(Inspection.NOT_STARTED);
    }

    @Test
    void aSocketThatAnotherMachineAnswersIsNotTheMachine() throws Exception {
        var machine = rig.machine(1, QUICK);
        got(hypervisor.launch(machine));
        var impostor = new Machine(
                "vm-2",
                machine.directory(),
                machine.kernel(),
                machine.initramfs(),
                machine.disks(),
                machine.resources(),
                machine.link(),
                machine.cgroups());

        var refusal = failure(hypervisor.inspect(impostor));

        assertThat(refusal).hasMessage("vm vm-2 cannot be inspected: another machine answers in its place");
    }

    @Test
    void aMachineThatWasNotConfiguredCannotBoot() throws Exception {
        var machine = rig.machine(1, QUICK);
        got(hypervisor.launch(machine));

        var refusal = failure(hypervisor.boot(machine));

        assertThat(refusal.reason().code()).isEqualTo(ReasonCode.HYPERVISOR_REFUSED);
        assertThat(refusal).hasMessageStartingWith("vm vm-1 cannot boot: ");
    }

    @Test
    void aRunningMachineGivesMemoryBackAsOftenAsItIsTold() throws Exception {
        var machine = rig.machine(1, QUICK);
        got(rig.up(hypervisor, machine));

        got(hypervisor.reclaim(machine, 32));
        got(hypervisor.reclaim(machine, 32));
        var taken = told(machine, "/balloon").getInteger("amount_mib");
        got(hypervisor.reclaim(machine, 0));

        assertThat(taken).isEqualTo(32);
        assertThat(told(machine, "/balloon").getInteger("amount_mib")).isZero();
    }

    @Test
    void aMachineThatHasNotStartedGivesNoMemoryBack() throws Exception {
        var machine = rig.machine(1, QUICK);
        got(hypervisor.launch(machine));
        got(hypervisor.configure(machine));

        var refusal = failure(hypervisor.reclaim(machine, 32));

        assertThat(refusal)
                .hasMessage("vm vm-1 cannot give memory back: The requested operation is not supported"
                        + " before starting the microVM.");
    }

    @Test
    void aMachineCannotGiveBackMoreThanItHas() throws Exception {
        var machine = rig.machine(1, QUICK);
        got(rig.up(hypervisor, machine));

        var refusal = failure(hypervisor.reclaim(machine, 129));

        assertThat(refusal.reason().code()).isEqualTo(ReasonCode.HYPERVISOR_REFUSED);
    }

    @Test
    void everyDiskAndEachDirectionOfTheNetworkHasItsRate() throws Exception {
        var tap = new Link.Tap("tap0", "06:00:0a:58:00:05", new GuestNetwork("10.88.0.5/16", "10.88.0.1", List.of()));
        var machine = with(rig.machine(1, QUICK), new Resources(1, 128, 64, 20, 100), tap);
        got(hypervisor.launch(machine));

        got(hypervisor.configure(machine));

        var config = told(machine, "/vm/config");
        for (var disk : drives(config)) {
            assertThat(disk.getJsonObject("rate_limiter")).isEqualTo(bandwidth(20_000_000));
        }
        var card = config.getJsonArray("network-interfaces").getJsonObject(0);
        assertThat(card.getJsonObject("rx_rate_limiter")).isEqualTo(bandwidth(12_500_000));
        assertThat(card.getJsonObject("tx_rate_limiter")).isEqualTo(bandwidth(12_500_000));
    }

    @Test
    void ratesThatNobodyAskedForAreNotLimited() throws Exception {
        var machine = rig.machine(1, QUICK);
        got(hypervisor.launch(machine));

        got(hypervisor.configure(machine));

        assertThat(drives(told(machine, "/vm/config")))
                .isNotEmpty()
                .noneMatch(disk -> disk.containsKey("rate_limiter"));
    }

    @Test
    void onlyWhatCanBeWrittenIsWrittenThrough() throws Exception {
        var small = rig.machine(1, QUICK);
        var overlay = Files.createFile(small.directory().path().resolve("overlay.img"));
        var disks = new ArrayList<>(small.disks());
        disks.add(new Machine.Disk("overlay", overlay, true));
        var machine = with(small, disks);
        got(hypervisor.launch(machine));

        got(hypervisor.configure(machine));

        assertThat(drives(told(machine, "/vm/config")))
                .extracting(disk -> disk.getString("drive_id") + " " + disk.getString("cache_type"))
                .containsExactly("rootfs Unsafe", "config Unsafe", "overlay Writeback");
    }

    @Test
    void aMissingKernelFailsTheConfigurationWithoutNamingItsPath() throws Exception {
        var machine = rig.machine(1, QUICK);
        Files.delete(machine.kernel());
        got(hypervisor.launch(machine));

        var refusal = failure(hypervisor.configure(machine));

        assertThat(refusal.reason().code()).isEqualTo(ReasonCode.CONFIGURE_FAILED);
        assertThat(refusal.getMessage()).contains("No such file").doesNotContain("/tmp");
    }

    @Test
    void aRefusedCallFailsWithWhatTheHypervisorSaid() throws Exception {
        got(rig.behave(new JsonObject().put("refuse", new JsonArray().add("PUT /actions"))));
        var machine = rig.machine(1, QUICK);
        got(hypervisor.launch(machine));
        got(hypervisor.configure(machine));

        var refusal = failure(hypervisor.boot(machine));

        assertThat(refusal).hasMessage("vm vm-1 cannot boot: Refused as told.");
    }

    @Test
    void aProcessThatEndsAtOnceFailsTheLaunch() throws Exception {
        got(rig.behave(new JsonObject().put("fail_launch", true)));

        var refusal = failure(hypervisor.launch(rig.machine(1, QUICK)));

        assertThat(refusal.reason().code()).isEqualTo(ReasonCode.LAUNCH_FAILED);
        assertThat(refusal).hasMessage("vm vm-1 cannot launch: its process ended at once");
    }

    @Test
    void aDeafHypervisorFailsTheCallWithinItsLimit() throws Exception {
        var machine = rig.machine(1, QUICK);
        got(rig.up(hypervisor, machine));
        got(rig.behave("vm-1", new JsonObject().put("hang", true)));

        var silence = failure(hypervisor.pause(machine));

        assertThat(silence).hasMessage("vm vm-1 cannot pause: no answer within 2000 ms");
        assertThat(silence.reason().code()).isEqualTo(ReasonCode.HYPERVISOR_SILENT);
    }

    @Test
    void aProcessThatNeverTakesOrdersIsNotLeftBehind() throws Exception {
        got(rig.behave(new JsonObject().put("hang", true)));

        var silence = failure(hypervisor.launch(rig.machine(1, QUICK)));

        assertThat(silence.reason().code()).isEqualTo(ReasonCode.HYPERVISOR_SILENT);
        assertThat(got(rig.processes().running())).isEmpty();
    }

    @Test
    void theEndOfTheWholeHostIsTheEndOfEveryProcess() throws Exception {
        var machines =
                IntStream.range(0, 3).mapToObj(n -> rig.machine(n, QUICK)).toList();
        var up =
                got(Future.all(machines.stream().map(m -> rig.up(hypervisor, m)).toList()));
        var ended = Future.all(IntStream.range(0, 3)
                .mapToObj(n -> hypervisor.ended(machines.get(n), up.resultAt(n)))
                .toList());

        got(rig.stopSimulator());

        got(ended);
    }

    @Test
    void hundredsOfMachinesLiveAtOnce() throws Exception {
        var machines =
                IntStream.range(0, 400).mapToObj(n -> rig.machine(n, QUICK)).toList();
        var processes = new ArrayList<VmmProcess>();

        for (var batch = 0; batch < machines.size(); batch += 40) {
            var up = machines.subList(batch, batch + 40).stream()
                    .map(machine -> rig.up(hypervisor, machine))
                    .toList();
            processes.addAll(got(Future.all(up)).list());
        }

        assertThat(got(rig.processes().running())).hasSize(400).containsValues(processes.toArray(VmmProcess[]::new));
        var ended = new ArrayList<Future<ProcessEnd>>();
        for (var n = 0; n < machines.size(); n++) {
            ended.add(hypervisor.ended(machines.get(n), processes.get(n)));
        }
        for (var batch = 0; batch < machines.size(); batch += 40) {
            got(Future.all(machines.subList(batch, batch + 40).stream()
                    .map(hypervisor::stop)
                    .toList()));
        }
        got(Future.all(ended));
        assertThat(got(rig.processes().running())).isEmpty();
    }

    private JsonObject told(Machine machine, String uri) throws TimeoutException {
        var call = new UnixHttp.Call(
                "test cannot ask", ReasonCode.HYPERVISOR_REFUSED, HttpMethod.GET, uri, null, Duration.ofSeconds(5));
        return new JsonObject(got(new UnixHttp(vertx).send(machine.directory().apiSocket(), call)));
    }

    private static List<JsonObject> drives(JsonObject config) {
        return config.getJsonArray("drives").stream()
                .map(JsonObject.class::cast)
                .toList();
    }

    private static JsonObject bandwidth(int bytesPerSecond) {
        return new JsonObject()
                .put("bandwidth", new JsonObject().put("size", bytesPerSecond).put("refill_time", 1000));
    }

    private static Machine with(Machine machine, Resources resources, Link link) {
        return new Machine(
                machine.vmId(),
                machine.directory(),
                machine.kernel(),
                machine.initramfs(),
                machine.disks(),
                resources,
                link,
                machine.cgroups());
    }

    private static Machine with(Machine machine, List<Machine.Disk> disks) {
        return new Machine(
                machine.vmId(),
                machine.directory(),
                machine.kernel(),
                machine.initramfs(),
                disks,
                machine.resources(),
                machine.link(),
                machine.cgroups());
    }

    private VmmProcess killed(Machine machine) throws Exception {
        var process = got(rig.up(hypervisor, machine));
        got(hypervisor.kill(machine, process));
        return process;
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
