package dev.vmplane.hypervisor.firecracker;

import static dev.vmplane.host.HostRig.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.vmplane.host.HostRig;
import dev.vmplane.host.Link;
import dev.vmplane.host.VmUids;
import dev.vmplane.hypervisor.AgentSocket;
import dev.vmplane.hypervisor.BackendDetection;
import dev.vmplane.hypervisor.HypervisorException;
import dev.vmplane.hypervisor.Machine;
import dev.vmplane.hypervisor.Machine.Disk;
import dev.vmplane.hypervisor.UnixHttp;
import dev.vmplane.hypervisor.UnixHttp.Call;
import dev.vmplane.model.Backend;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Resources;
import dev.vmplane.model.VmmProcess;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The driver with real Firecracker processes, raw and jailed. Needs {@code firecracker} and {@code jailer} on the path,
 * root, {@code /dev/kvm}, and the guest's images. What the guest does is not looked at: a host whose processor shows no
 * virtualisation may have the device and not run ordinary guests.
 */
class FirecrackerProcessTest {
    private static final Path IMAGES =
            Path.of(System.getProperty("vmplane.images", ".vmplane/images")).toAbsolutePath();
    private static final int MEMORY_MIB = 128;

    private HostRig host;
    private UnixHttp http;
    private Machine machine;

    private enum Way {
        RAW,
        JAILED
    }

    @BeforeEach
    void open() throws IOException {
        for (var program : List.of(BackendDetection.FIRECRACKER_PROGRAM, JailerChoice.JAILER_PROGRAM)) {
            assumeThat(found(program)).as(program + " is on the path").isTrue();
        }
        assumeThat(Files.getAttribute(Path.of("/proc/self"), "unix:uid"))
                .as("jails are made by root")
                .isEqualTo(0);
        assumeThat(Files.isWritable(Path.of("/dev/kvm")))
                .as("/dev/kvm is there")
                .isTrue();
        assumeThat(IMAGES.resolve("vmlinux"))
                .as("the guest's images; src/guest/build.sh makes them, -Dvmplane.images says where they are")
                .exists();
        host = new HostRig();
        http = new UnixHttp(host.vertx);
        var directory = host.directory("vm-1");
        Files.write(directory.configDisk(), new byte[512]);
        var overlay = Files.write(directory.path().resolve("overlay.img"), new byte[1 << 20]);
        machine = new Machine(
                "vm-1",
                directory,
                IMAGES.resolve("vmlinux"),
                IMAGES.resolve("vmlinux.initramfs"),
                List.of(
                        new Disk("rootfs", IMAGES.resolve("rootfs-web.ext4"), false),
                        new Disk("config", directory.configDisk(), false),
                        new Disk("overlay", overlay, true)),
                new Resources(1, MEMORY_MIB, 1, 20, 100),
                new Link.Loopback("127.64.0.5"),
                List.of());
    }

    @AfterEach
    void close() throws IOException {
        if (host != null) {
            host.close();
        }
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void theMachineHasWhatItWasToldToHave(Way way) {
        var hypervisor = hypervisor(way);
        launch(hypervisor);

        await(hypervisor.configure(machine));

        var config = new JsonObject(ask("/vm/config"));
        var bandwidth = new JsonObject()
                .put("size", 20_000_000)
                .put("one_time_burst", null)
                .put("refill_time", 1000);
        for (var at = 0; at < machine.disks().size(); at++) {
            var disk = machine.disks().get(at);
            var drive = config.getJsonArray("drives").getJsonObject(at);
            assertThat(drive.getString("drive_id")).isEqualTo(disk.id());
            assertThat(drive.getString("path_on_host")).isEqualTo(disk.file().toString());
            assertThat(drive.getBoolean("is_read_only")).isEqualTo(!disk.writable());
            assertThat(drive.getString("cache_type")).isEqualTo(disk.writable() ? "Writeback" : "Unsafe");
            assertThat(drive.getJsonObject("rate_limiter").getJsonObject("bandwidth"))
                    .isEqualTo(bandwidth);
        }
        assertThat(config.getJsonObject("balloon").getInteger("amount_mib")).isZero();
        assertThat(config.getJsonObject("balloon").getBoolean("deflate_on_oom")).isTrue();
        assertThat(config.getValue("entropy")).isNotNull();
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void aMachineThatHasNotStartedGivesNoMemoryBack(Way way) {
        var hypervisor = hypervisor(way);
        launch(hypervisor);
        await(hypervisor.configure(machine));

        assertThatThrownBy(() -> await(hypervisor.reclaim(machine, 32)))
                .isInstanceOfSatisfying(HypervisorException.class, refusal -> {
                    assertThat(refusal.reason().code()).isEqualTo(ReasonCode.HYPERVISOR_REFUSED);
                    assertThat(refusal)
                            .hasMessage("vm vm-1 cannot give memory back: The requested operation is not supported"
                                    + " before starting the microVM.");
                });
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void nothingIsLeftOfAMachineThatWasKilled(Way way) throws IOException {
        var hypervisor = hypervisor(way);
        var links = Files.getAttribute(machine.kernel(), "unix:nlink");
        var process = up(hypervisor);

        await(hypervisor.kill(machine, process));
        await(host.directories.takeBack("vm-1"));

        assertThat(machine.directory().path()).doesNotExist();
        assertThat(await(host.processes.running())).isEmpty();
        assertThat(Files.getAttribute(machine.kernel(), "unix:nlink")).isEqualTo(links);
    }

    @Test
    void aJailedProcessHasAUserAndARootDirectoryOfItsOwn() throws IOException {
        var process = up(hypervisor(Way.JAILED));

        var proc = Path.of("/proc", Long.toString(process.pid()));
        assertThat(Files.readString(proc.resolve("status")))
                .contains("Uid:\t200005\t200005\t200005\t200005")
                .contains("Gid:\t200005\t200005\t200005\t200005")
                .contains("CapEff:\t0000000000000000");
        assertThat(Files.isSameFile(proc.resolve("root"), machine.directory().jailRoot()))
                .isTrue();
        assertThat(Files.isSameFile(proc.resolve("fd/1"), machine.directory().console()))
                .isTrue();
        assertThat(Files.readString(proc.resolve("limits"))).containsPattern("Max open files +1024 +1024");
    }

    @Test
    void twoJailedMachinesShareTheirImagesAndNoUser() throws IOException {
        var hypervisor = hypervisor(Way.JAILED);
        var neighbour = neighbour();

        var one = launch(hypervisor);
        var other = host.started(await(hypervisor.launch(neighbour)));

        assertThat(Files.getAttribute(Path.of("/proc", Long.toString(one.pid())), "unix:uid"))
                .isEqualTo(200_005);
        assertThat(Files.getAttribute(Path.of("/proc", Long.toString(other.pid())), "unix:uid"))
                .isEqualTo(200_006);
        await(hypervisor.configure(machine));
        await(hypervisor.configure(neighbour));
    }

    private Machine neighbour() throws IOException {
        var directory = host.directory("vm-2");
        Files.write(directory.configDisk(), new byte[512]);
        return new Machine(
                "vm-2",
                directory,
                machine.kernel(),
                machine.initramfs(),
                List.of(machine.disks().get(0), new Disk("config", directory.configDisk(), false)),
                machine.resources(),
                new Link.Loopback("127.64.0.6"),
                List.of());
    }

    private VmmProcess launch(FirecrackerHypervisor hypervisor) {
        return host.started(await(hypervisor.launch(machine)));
    }

    private VmmProcess up(FirecrackerHypervisor hypervisor) {
        var process = launch(hypervisor);
        await(hypervisor.configure(machine));
        await(hypervisor.boot(machine));
        return process;
    }

    private String ask(String uri) {
        return await(http.send(
                machine.directory().apiSocket(),
                new Call(
                        "test cannot ask",
                        ReasonCode.HYPERVISOR_REFUSED,
                        HttpMethod.GET,
                        uri,
                        null,
                        Duration.ofSeconds(5))));
    }

    private FirecrackerHypervisor hypervisor(Way way) {
        var firecracker = program(BackendDetection.FIRECRACKER_PROGRAM);
        var launch = switch (way) {
            case RAW -> new RawLaunch(firecracker.toString(), host.worker);
            case JAILED ->
                new JailedLaunch(
                        program(JailerChoice.JAILER_PROGRAM),
                        firecracker,
                        VmUids.of(200_000, "127.64.0.0/16"),
                        host.worker);
        };
        return new FirecrackerHypervisor(
                Backend.FIRECRACKER, launch, host.processes, http, new AgentSocket(host.vertx));
    }

    private static boolean found(String program) {
        return BackendDetection.program(program, System.getenv("PATH")).isPresent();
    }

    private static Path program(String name) {
        return BackendDetection.program(name, System.getenv("PATH")).orElseThrow();
    }
}
