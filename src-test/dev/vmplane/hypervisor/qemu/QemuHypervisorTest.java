package dev.vmplane.hypervisor.qemu;

import static dev.vmplane.host.HostRig.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmplane.host.Consoles;
import dev.vmplane.host.CpuInfo;
import dev.vmplane.host.HostRig;
import dev.vmplane.host.Link;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What only QEMU does, with a real one and, where a guest runs, a real guest. What every driver does is in the contract.
 */
@Tag("qemu")
final class QemuHypervisorTest {
    /** Of this test run alone, so that another at the same time does not take its port. */
    private static final String ADDRESS = addressOf(ProcessHandle.current().pid());

    private static final int PORT = 8080;
    private static final Acceleration ACCELERATION = Acceleration.of(CpuInfo.ofThisHost());
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
        var program = BackendDetection.program(BackendDetection.QEMU_PROGRAM, System.getenv("PATH"));
        assertThat(program).as(BackendDetection.QEMU_PROGRAM + " on the PATH").isPresent();
        host = new HostRig();
        hypervisor = driver(program.get());
    }

    @AfterEach
    void close() throws IOException {
        host.close();
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
                    .satisfies(failed -> assertThat(codeOf(failed)).isEqualTo(ReasonCode.NETWORK_FAILED));
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
    void aGuestCannotGiveMoreMemoryThanItHas() {
        var machine = machine("vm-1");
        launch(machine);
        await(hypervisor.boot(machine));

        assertThatThrownBy(() -> await(hypervisor.reclaim(machine, 128)))
                .hasMessage("qemu cannot take back 128 MiB: its guest has 128");
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
        var env = Map.of("PORT", Integer.toString(PORT), "GREETING", "héllo, \"wörld\"");
        var config = Machines.config(machine, hypervisor.capabilities(), cmd, env);
        await(host.directories.writeConfigDisk(vmId, config));
        return machine;
    }

    private QemuHypervisor driver(Path program) {
        return new QemuHypervisor(host.vertx, host.worker, host.processes, program, ACCELERATION);
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

    private static ReasonCode codeOf(Throwable failed) {
        return ((HypervisorException) failed).reason().code();
    }

    private static String addressOf(long pid) {
        return "127.99." + ((pid >> 8) & 255) + "." + ((pid & 255) | 1);
    }
}
