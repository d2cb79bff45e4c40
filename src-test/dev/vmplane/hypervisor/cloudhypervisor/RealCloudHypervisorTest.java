package dev.vmplane.hypervisor.cloudhypervisor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.vmplane.host.GuestNetwork;
import dev.vmplane.host.HostRig;
import dev.vmplane.host.Link;
import dev.vmplane.host.RunDirectory;
import dev.vmplane.hypervisor.AgentSocket;
import dev.vmplane.hypervisor.BackendDetection;
import dev.vmplane.hypervisor.Inspection;
import dev.vmplane.hypervisor.Machine;
import dev.vmplane.hypervisor.Machine.Disk;
import dev.vmplane.hypervisor.UnixHttp;
import dev.vmplane.model.Backend;
import dev.vmplane.model.Resources;
import dev.vmplane.model.VmmProcess;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The driver against the real program, where there is one: {@code cloud-hypervisor} on the path, {@code /dev/kvm} for us to
 * open, and the right to make a tap device. The guest is a {@link TinyGuest}, which even runs on a host whose CPU does not
 * virtualize well enough for Linux.
 */
class RealCloudHypervisorTest {
    private static final int LIMIT_SECONDS = 60;
    private static final long LOOK_MS = 20;

    private final String tap = "vmpt" + ProcessHandle.current().pid();

    private HostRig host;
    private Vertx vertx;
    private Path runDir;
    private CloudHypervisorHypervisor hypervisor;
    private Machine machine;
    private VmmProcess process;

    @BeforeEach
    void start() throws Exception {
        var program = BackendDetection.program("cloud-hypervisor", System.getenv("PATH"));
        assumeTrue(program.isPresent(), "cloud-hypervisor is not installed");
        assumeTrue(kvmOpens(), "/dev/kvm cannot be opened");
        assumeTrue(ip("tuntap", "add", "dev", tap, "mode", "tap"), "no right to make a tap device");
        host = new HostRig();
        vertx = host.vertx;
        runDir = host.runDir;
        hypervisor = new CloudHypervisorHypervisor(
                Backend.CLOUD_HYPERVISOR,
                program.get().toString(),
                host.processes,
                new UnixHttp(vertx),
                new AgentSocket(vertx),
                host.worker);
    }

    @AfterEach
    void stop() throws Exception {
        if (host == null) {
            return;
        }
        if (process != null) {
            got(hypervisor.kill(machine, process));
        }
        host.close();
        ip("link", "delete", tap);
    }

    @Test
    void aGuestRunsPausesGivesMemoryBackAndIsAskedToEnd() throws Exception {
        boot(TinyGuest.STAYS, Resources.of(1, 64));

        printed();
        assertThat(got(hypervisor.inspect(machine))).isEqualTo(Inspection.RUNNING);
        for (var round = 0; round < 2; round++) {
            got(hypervisor.pause(machine));
        }
        assertThat(got(hypervisor.inspect(machine))).isEqualTo(Inspection.PAUSED);
        got(hypervisor.stop(machine));
        assertThat(got(hypervisor.inspect(machine))).isEqualTo(Inspection.RUNNING);
        got(hypervisor.resume(machine));
        got(hypervisor.reclaim(machine, 16));
        got(hypervisor.reclaim(machine, 0));
        got(hypervisor.configure(machine));
        got(hypervisor.boot(machine));
        assertThat(got(hypervisor.adopt(machine, process))).isEqualTo(Inspection.RUNNING);
        assertThat(got(hypervisor.launch(machine))).isEqualTo(process);
    }

    @Test
    void everyLimitIsTaken() throws Exception {
        boot(TinyGuest.STAYS, new Resources(2, 64, 64, 10, 100));

        printed();
    }

    @Test
    void aGuestThatPowersOffEndsItsProcess() throws Exception {
        boot(TinyGuest.POWERS_OFF, Resources.of(1, 64));

        got(hypervisor.ended(machine, process));

        assertThat(Files.readString(machine.directory().console())).contains(TinyGuest.LINE);
    }

    @Test
    void aGuestThatResetsItsMachineEndsItsProcessAndItsWordsStay() throws Exception {
        boot(TinyGuest.RESETS, Resources.of(1, 64));

        got(hypervisor.ended(machine, process));

        assertThat(Files.readString(machine.directory().console())).contains(TinyGuest.LINE);
        assertThat(Files.readString(machine.directory().vmmLog())).contains("Error rebooting VM");
    }

    @Test
    void aMachineThatCouldNotBootCanBeConfiguredAgain() throws Exception {
        prepare(TinyGuest.STAYS, Resources.of(1, 64));
        var config = Files.readAllBytes(machine.directory().configDisk());
        Files.delete(machine.directory().configDisk());
        process = got(hypervisor.launch(machine));
        got(hypervisor.configure(machine));
        var first = got(failureOf(hypervisor.boot(machine)));
        var second = got(failureOf(hypervisor.boot(machine)));
        Files.write(machine.directory().configDisk(), config);

        got(hypervisor.configure(machine));
        got(hypervisor.boot(machine));

        printed();
        assertThat(first).hasMessageContaining("Cannot open disk path").hasMessageNotContaining(runDir.toString());
        assertThat(second).hasMessageContaining("VM config is missing");
    }

    private void boot(TinyGuest guest, Resources resources) throws Exception {
        prepare(guest, resources);
        process = got(hypervisor.launch(machine));
        got(hypervisor.configure(machine));
        got(hypervisor.boot(machine));
    }

    private void prepare(TinyGuest guest, Resources resources) throws IOException {
        var directory = RunDirectory.of(runDir, "vm-1");
        Files.createDirectories(directory.path());
        var kernel = Files.write(runDir.resolve("vmlinux"), guest.kernel());
        var initramfs = Files.write(runDir.resolve("vmlinux.initramfs"), new byte[512]);
        var rootfs = Files.write(runDir.resolve("rootfs.ext4"), new byte[1024 * 1024]);
        Files.write(directory.configDisk(), new byte[4096]);
        var disks = List.of(new Disk("rootfs", rootfs, false), new Disk("config", directory.configDisk(), true));
        var network = new GuestNetwork("10.1.0.7/24", "10.1.0.1", List.of());
        var link = new Link.Tap(tap, "02:00:00:00:00:07", network);
        machine = new Machine("vm-1", directory, kernel, initramfs, disks, resources, link, List.of());
    }

    /** Waits for the guest's line on its console. */
    private void printed() throws TimeoutException {
        Promise<Void> printed = Promise.promise();
        look(printed);
        got(printed.future());
    }

    private void look(Promise<Void> printed) {
        vertx.fileSystem()
                .readFile(machine.directory().console().toString())
                .map(Buffer::toString)
                .onFailure(printed::tryFail)
                .onSuccess(text -> {
                    if (text.contains(TinyGuest.LINE)) {
                        printed.tryComplete();
                    } else {
                        vertx.setTimer(LOOK_MS, again -> look(printed));
                    }
                });
    }

    private static boolean kvmOpens() {
        try (var device = FileChannel.open(Path.of("/dev/kvm"), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return device.isOpen();
        } catch (IOException notForUs) {
            return false;
        }
    }

    private static boolean ip(String... arguments) throws InterruptedException {
        var command = new ArrayList<>(List.of("ip"));
        command.addAll(List.of(arguments));
        try {
            return new ProcessBuilder(command).inheritIO().start().waitFor() == 0;
        } catch (IOException notInstalled) {
            return false;
        }
    }

    private static Future<Throwable> failureOf(Future<?> future) {
        return future.transform((value, failure) -> Future.succeededFuture(failure));
    }

    private static <T> T got(Future<T> future) throws TimeoutException {
        return future.await(LIMIT_SECONDS, TimeUnit.SECONDS);
    }
}
