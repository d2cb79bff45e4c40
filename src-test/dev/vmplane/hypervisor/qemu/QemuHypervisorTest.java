package dev.vmplane.hypervisor.qemu;

import static dev.vmplane.host.HostRig.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.vmplane.host.Consoles;
import dev.vmplane.host.CpuInfo;
import dev.vmplane.host.GuestConfig;
import dev.vmplane.host.HostRig;
import dev.vmplane.host.Kvm;
import dev.vmplane.host.Link;
import dev.vmplane.host.Processes;
import dev.vmplane.hypervisor.BackendDetection;
import dev.vmplane.hypervisor.HypervisorException;
import dev.vmplane.hypervisor.Inspection;
import dev.vmplane.hypervisor.Machine;
import dev.vmplane.hypervisor.Machines;
import dev.vmplane.model.GuestExit;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Resources;
import dev.vmplane.model.VmmProcess;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The driver with a real QEMU and, where a guest runs, a real guest. */
@Tag("qemu")
final class QemuHypervisorTest {
    /** Of this test run alone, so that another at the same time does not take its port. */
    private static final String ADDRESS = addressOf(ProcessHandle.current().pid());

    private static final int PORT = 8080;
    private static final Path IMAGES =
            Path.of(System.getProperty("vmplane.images", ".vmplane/images")).toAbsolutePath();

    private final HttpClient http = HttpClient.newHttpClient();
    private HostRig host;
    private QemuHypervisor hypervisor;

    @BeforeEach
    void open() throws IOException {
        assertThat(IMAGES.resolve("vmlinux"))
                .as("the guest's images; src/guest/build.sh makes them, -Dvmplane.images says where they are")
                .isRegularFile();
        host = new HostRig();
        hypervisor = driver();
    }

    @AfterEach
    void close() throws IOException {
        host.close();
    }

    @Test
    void aLaunchedMachineWaitsForItsBoot() {
        var machine = machine("vm-1");

        launch(machine);

        assertThat(await(hypervisor.inspect(machine))).isEqualTo(Inspection.NOT_STARTED);
    }

    @Test
    void launchingAgainKeepsTheProcess() {
        var machine = machine("vm-1");
        var process = launch(machine);

        var again = launch(machine);

        assertThat(again).isEqualTo(process);
        assertThat(await(hypervisor.inspect(machine))).isEqualTo(Inspection.NOT_STARTED);
    }

    @Test
    void aMachineIsPausedAndResumedAsOftenAsAsked() {
        var machine = booted("vm-1");

        await(hypervisor.pause(machine));
        await(hypervisor.pause(machine));
        assertThat(await(hypervisor.inspect(machine))).isEqualTo(Inspection.PAUSED);

        await(hypervisor.resume(machine));
        await(hypervisor.resume(machine));
        assertThat(await(hypervisor.inspect(machine))).isEqualTo(Inspection.RUNNING);
    }

    @Test
    void aKilledMachineIsGoneAndStaysGone() {
        var machine = machine("vm-1");
        var process = launch(machine);
        var ended = hypervisor.ended(machine, process);

        await(hypervisor.kill(machine, process));
        await(hypervisor.kill(machine, process));

        await(ended);
        assertThat(reasonOf(() -> await(hypervisor.inspect(machine)))).isEqualTo(ReasonCode.HYPERVISOR_SILENT);
    }

    @Test
    void aRestartedControlPlaneFindsAndAdoptsWhatRuns() {
        var machine = booted("vm-1");

        var processes = host.launched();
        var found = await(processes.running());
        var adopted = await(driver(processes).adopt(machine, found.get("vm-1")));

        assertThat(found).containsOnlyKeys("vm-1");
        assertThat(adopted).isEqualTo(Inspection.RUNNING);
    }

    @Test
    void aMachineThatNeverBootedCannotBeAdopted() {
        var machine = machine("vm-1");
        var process = launch(machine);

        assertThatThrownBy(() -> await(hypervisor.adopt(machine, process)))
                .isInstanceOf(HypervisorException.class)
                .hasMessage("qemu cannot be adopted: its guest was never started");
    }

    @Test
    void anOccupiedPortFailsTheLaunchInWordsForTenants() throws IOException {
        try (var occupied = new ServerSocket(PORT, 1, InetAddress.getByName(ADDRESS))) {
            assertThat(occupied.isBound()).isTrue();
            assertThatThrownBy(() -> launch(machine("vm-1")))
                    .isInstanceOf(HypervisorException.class)
                    .hasMessageContaining("qemu cannot start: ")
                    .hasMessageContaining("Could not set up host forwarding rule")
                    .hasMessageNotContaining(host.runDir.toString())
                    .hasMessageNotContaining("/bin")
                    .satisfies(failed -> assertThat(codeOf(failed)).isEqualTo(ReasonCode.LAUNCH_FAILED));
        }
    }

    @Test
    void aMissingImageIsNamedAndNothingStarts() {
        var whole = machine("vm-1");
        var machine = Machines.of(
                "vm-1",
                whole.directory(),
                whole.kernel(),
                whole.initramfs(),
                IMAGES.resolve("no-such.ext4"),
                whole.resources(),
                whole.link());

        assertThatThrownBy(() -> launch(machine))
                .hasMessage("qemu cannot start: no-such.ext4 is missing or cannot be read")
                .satisfies(failed -> assertThat(codeOf(failed)).isEqualTo(ReasonCode.IMAGE_UNREADABLE));
        assertThat(await(host.processes.running())).isEmpty();
    }

    @Test
    void aMissingProgramIsAReasonOfItsOwn() {
        var acceleration = Acceleration.of(false, CpuInfo.ofThisHost());
        var missing = new QemuHypervisor(
                host.vertx, host.worker, host.processes, Path.of("/nowhere/qemu-system-x86_64"), acceleration);

        assertThat(reasonOf(() -> await(missing.launch(machine("vm-1"))))).isEqualTo(ReasonCode.VMM_MISSING);
    }

    @Test
    void imagesMayLieBehindCommasAndSpaces() throws IOException {
        var odd = Files.createDirectories(host.runDir.resolveSibling("odd, name=x"));
        for (var name : List.of("vmlinux", "vmlinux.initramfs", "rootfs-web.ext4")) {
            Files.createSymbolicLink(odd.resolve(name), IMAGES.resolve(name));
        }

        var machine = machine("vm-1", odd, List.of("/app/bin/server"));
        launch(machine);

        assertThat(await(hypervisor.inspect(machine))).isEqualTo(Inspection.NOT_STARTED);
    }

    @Test
    void aGuestBootsServesAtItsAddressAndEndsWhenAsked() {
        var machine = machine("vm-1");
        var process = launch(machine);
        var signs = new Consoles(host.vertx, host.worker).watch(machine.directory());

        await(hypervisor.boot(machine));
        await(signs.printed());
        await(signs.started());
        var answer = await(firstAnswer("/env"));
        await(hypervisor.stop(machine));
        await(hypervisor.ended(machine, process));

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).contains("héllo, \\\"wörld\\\"");
        assertThat(exitOf(machine)).isEqualTo(new GuestExit(0, null));
    }

    @Test
    void aPausedGuestEndsToo() {
        var machine = booted("vm-1");
        var process = await(host.processes.running()).get("vm-1");
        await(firstAnswer("/health"));
        await(hypervisor.pause(machine));

        await(hypervisor.stop(machine));

        await(hypervisor.ended(machine, process));
        assertThat(exitOf(machine)).isEqualTo(new GuestExit(0, null));
    }

    @Test
    void theExitOfTheGuestsProgramIsToldByItsConsole() {
        var machine = machine("vm-1", IMAGES, List.of("/no/such/program"));
        var process = launch(machine);

        await(hypervisor.boot(machine));
        await(hypervisor.ended(machine, process));

        assertThat(exitOf(machine)).isEqualTo(new GuestExit(127, null));
    }

    private VmmProcess launch(Machine machine) {
        return host.started(await(hypervisor.launch(machine)));
    }

    private Machine booted(String vmId) {
        var machine = machine(vmId);
        launch(machine);
        await(hypervisor.configure(machine));
        await(hypervisor.boot(machine));
        return machine;
    }

    private Machine machine(String vmId) {
        return machine(vmId, IMAGES, List.of("/app/bin/server"));
    }

    private Machine machine(String vmId, Path images, List<String> cmd) {
        var machine = Machines.of(
                vmId,
                host.directory(vmId),
                images.resolve("vmlinux"),
                images.resolve("vmlinux.initramfs"),
                images.resolve("rootfs-web.ext4"),
                Resources.of(1, 128),
                new Link.Forwarded(ADDRESS, PORT));
        var network = machine.link().guest();
        var config = new GuestConfig(
                vmId,
                cmd,
                Map.of("PORT", Integer.toString(PORT), "GREETING", "héllo, \"wörld\""),
                network.ip(),
                network.gateway(),
                network.dns(),
                5,
                hypervisor.capabilities().guestEnd());
        await(host.directories.writeConfigDisk(vmId, config));
        return machine;
    }

    private QemuHypervisor driver() {
        return driver(host.processes);
    }

    private QemuHypervisor driver(Processes processes) {
        var program = BackendDetection.program(BackendDetection.QEMU_PROGRAM, System.getenv("PATH"));
        assertThat(program).as(BackendDetection.QEMU_PROGRAM + " on the PATH").isPresent();
        var cpu = CpuInfo.ofThisHost();
        return new QemuHypervisor(
                host.vertx, host.worker, processes, program.get(), Acceleration.of(Kvm.usable(cpu), cpu));
    }

    private GuestExit exitOf(Machine machine) {
        return await(new Consoles(host.vertx, host.worker).exit(machine.directory()));
    }

    /** The first answer of a program that has been started and may not listen yet. */
    private Future<HttpResponse<String>> firstAnswer(String path) {
        var request = HttpRequest.newBuilder(URI.create("http://" + ADDRESS + ":" + PORT + path))
                .build();
        Promise<HttpResponse<String>> answered = Promise.promise();
        ask(request, answered);
        return answered.future();
    }

    private void ask(HttpRequest request, Promise<HttpResponse<String>> answered) {
        Future.fromCompletionStage(http.sendAsync(request, HttpResponse.BodyHandlers.ofString()))
                .onSuccess(answered::complete)
                .onFailure(notYet -> host.vertx.setTimer(20, timer -> ask(request, answered)));
    }

    private static ReasonCode reasonOf(ThrowingCallable call) {
        return codeOf(catchThrowable(call));
    }

    private static ReasonCode codeOf(Throwable failed) {
        return ((HypervisorException) failed).reason().code();
    }

    private static String addressOf(long pid) {
        return "127.99." + ((pid >> 8) & 255) + "." + ((pid & 255) | 1);
    }
}
