package dev.vmplane.hypervisor.qemu;

import static dev.vmplane.host.HostRig.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.vmplane.host.CpuInfo;
import dev.vmplane.host.GuestNetwork;
import dev.vmplane.host.HostRig;
import dev.vmplane.host.Link;
import dev.vmplane.hypervisor.BackendDetection;
import dev.vmplane.hypervisor.HypervisorException;
import dev.vmplane.hypervisor.Inspection;
import dev.vmplane.hypervisor.Machine;
import dev.vmplane.hypervisor.Machines;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A real QEMU on a real tap, in a network namespace of the test's own. Making one takes root. */
@Tag("qemu")
final class QemuTapTest {
    private static final Path IMAGES =
            Path.of(System.getProperty("vmplane.images", ".vmplane/images")).toAbsolutePath();
    private static final int COMMAND_LIMIT_SECONDS = 10;

    private final String namespace = "vmplane-test-" + ProcessHandle.current().pid();
    private HostRig host;
    private QemuHypervisor hypervisor;

    @BeforeEach
    void open() throws Exception {
        assumeTrue(System.getProperty("user.name").equals("root"), "only root may make a network namespace");
        host = new HostRig();
        hypervisor = new QemuHypervisor(
                host.vertx, host.worker, host.processes, inNamespace(), Acceleration.of(CpuInfo.ofThisHost()));
        ip("netns", "add", namespace);
        ip("-n", namespace, "tuntap", "add", "dev", "tap0", "mode", "tap");
    }

    @AfterEach
    void close() throws Exception {
        if (host != null) {
            host.close();
            ip("netns", "delete", namespace);
        }
    }

    @Test
    void aMachineStartsOnItsTap() {
        var machine = machine("vm-1");
        host.started(await(hypervisor.launch(machine)));

        await(hypervisor.boot(machine));

        assertThat(await(hypervisor.inspect(machine))).isEqualTo(Inspection.RUNNING);
    }

    @Test
    void aTapThatAnotherMachineHasIsANetworkFailure() {
        host.started(await(hypervisor.launch(machine("vm-1"))));

        assertThatThrownBy(() -> await(hypervisor.launch(machine("vm-2"))))
                .hasMessageContaining("(tap0): Device or resource busy")
                .hasMessageNotContaining("/dev")
                .isInstanceOfSatisfying(
                        HypervisorException.class,
                        failed -> assertThat(failed.reason().code()).isEqualTo(ReasonCode.NETWORK_FAILED));
        assertThat(await(host.processes.running())).containsOnlyKeys("vm-1");
    }

    private Machine machine(String vmId) {
        var machine = Machines.of(
                vmId,
                host.directory(vmId),
                IMAGES.resolve("vmlinux"),
                IMAGES.resolve("vmlinux.initramfs"),
                IMAGES.resolve("rootfs-web.ext4"),
                Resources.of(1, 128),
                new Link.Tap("tap0", "06:00:0a:58:00:02", new GuestNetwork("10.88.0.2/32", "10.88.0.1", List.of())));
        await(host.directories.writeConfigDisk(vmId, Machines.config(machine, hypervisor.capabilities())));
        return machine;
    }

    /** A program that becomes QEMU in the namespace. */
    private Path inNamespace() throws IOException {
        var qemu = BackendDetection.program(BackendDetection.QEMU_PROGRAM, System.getenv("PATH"))
                .orElseThrow();
        var script = Files.createFile(
                host.runDir.resolveSibling("qemu"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        return Files.writeString(script, "#!/bin/sh\nexec ip netns exec %s %s \"$@\"\n".formatted(namespace, qemu));
    }

    private static void ip(String... arguments) throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of("ip"));
        command.addAll(List.of(arguments));
        var process = new ProcessBuilder(command).inheritIO().start();
        assertThat(process.waitFor(COMMAND_LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
    }
}
