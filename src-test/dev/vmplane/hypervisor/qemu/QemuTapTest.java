package dev.vmplane.hypervisor.qemu;

import static dev.vmplane.host.HostRig.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.vmplane.host.CpuInfo;
import dev.vmplane.host.HostRig;
import dev.vmplane.host.Link;
import dev.vmplane.hypervisor.BackendDetection;
import dev.vmplane.hypervisor.HypervisorException;
import dev.vmplane.hypervisor.Inspection;
import dev.vmplane.hypervisor.Machine;
import dev.vmplane.hypervisor.Machines;
import dev.vmplane.hypervisor.TapNamespace;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Resources;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A real QEMU on a real tap, in a network namespace of the test's own. Making one takes root. */
@Tag("qemu")
final class QemuTapTest {
    private static final Path IMAGES =
            Path.of(System.getProperty("vmplane.images", ".vmplane/images")).toAbsolutePath();

    private TapNamespace namespace;
    private Link.Tap tap;
    private HostRig host;
    private QemuHypervisor hypervisor;

    @BeforeEach
    void open() throws IOException {
        assumeTrue(TapNamespace.allowed(), "only root may make a network namespace");
        var qemu = BackendDetection.program(BackendDetection.QEMU_PROGRAM, System.getenv("PATH"));
        assertThat(qemu).as(BackendDetection.QEMU_PROGRAM + " on the PATH").isPresent();
        namespace = new TapNamespace();
        tap = namespace.tap();
        host = new HostRig();
        hypervisor = new QemuHypervisor(
                host.vertx,
                host.worker,
                host.processes,
                namespace.inside(qemu.get(), host.runDir.getParent()),
                Acceleration.of(CpuInfo.ofThisHost()));
    }

    @AfterEach
    void close() throws IOException {
        if (host != null) {
            host.close();
        }
        if (namespace != null) {
            namespace.close();
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
                .hasMessageContaining("(tap1): Device or resource busy")
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
                tap);
        await(host.directories.writeConfigDisk(vmId, Machines.config(machine, hypervisor.capabilities())));
        return machine;
    }
}
