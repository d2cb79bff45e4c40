package dev.vmplane.hypervisor.firecracker;

import static dev.vmplane.host.HostRig.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.vmplane.host.HostRig;
import dev.vmplane.host.Link;
import dev.vmplane.host.RunDirectory;
import dev.vmplane.host.VmUids;
import dev.vmplane.hypervisor.HypervisorException;
import dev.vmplane.hypervisor.Machine;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Resources;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The two command lines, and what is made ready for them. */
class LaunchTest {
    private HostRig host;
    private RunDirectory directory;

    @BeforeEach
    void open() throws IOException {
        host = new HostRig();
        directory = host.directory("vm-1");
    }

    @AfterEach
    void close() throws IOException {
        host.close();
    }

    @Test
    void aRawProcessIsToldWhereToListenAndToLog() {
        var command = await(new RawLaunch("firecracker", host.worker).prepare(machine()));

        assertThat(String.join(" ", command))
                .isEqualTo("firecracker --id vm-1 --api-sock %1$s/api.sock --log-path %1$s/vmm.log --level Warn"
                        .formatted(directory.path()));
    }

    @Test
    void theSocketsOfADeadProcessAreOutOfTheWay() throws IOException {
        try (var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(directory.apiSocket()));
        }
        try (var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(directory.agentSocket()));
        }
        assertThat(directory.apiSocket()).exists();
        assertThat(directory.agentSocket()).exists();

        await(new RawLaunch("firecracker", host.worker).prepare(machine()));

        assertThat(directory.apiSocket()).doesNotExist();
        assertThat(directory.agentSocket()).doesNotExist();
    }

    @Test
    void aFileThatSomebodyPutInThePlaceOfTheSocketIsLeftAlone() throws IOException {
        Files.writeString(directory.apiSocket(), "mine");

        await(new RawLaunch("firecracker", host.worker).prepare(machine()));

        assertThat(directory.apiSocket()).hasContent("mine");
    }

    @Test
    void aJailedProcessIsStartedAsItsOwnUserBelowItsRunDirectory() throws IOException {
        assumeThat(Files.getAttribute(Path.of("/proc/self"), "unix:uid"))
                .as("jails are made by root")
                .isEqualTo(0);

        var command = await(jailed().prepare(machine()));

        assertThat(String.join(" ", command))
                .isEqualTo(("/usr/bin/jailer --id vm-1 --exec-file /opt/firecracker-v1 --uid 200005 --gid 200005"
                                + " --chroot-base-dir %1$s/jail --resource-limit no-file=1024 --"
                                + " --api-sock %1$s/api.sock --log-path %1$s/vmm.log --level Warn")
                        .formatted(directory.path()));
        assertThat(directory.path().resolve("jail/firecracker-v1/vm-1/root")).isDirectory();
    }

    @Test
    void aJailThatCannotBeMadeFailsTheLaunchWithoutNamingItsPath() throws IOException {
        Files.delete(directory.path());
        Files.createFile(directory.path());

        assertThatThrownBy(() -> await(jailed().prepare(machine())))
                .isInstanceOfSatisfying(HypervisorException.class, failure -> {
                    assertThat(failure.reason().code()).isEqualTo(ReasonCode.LAUNCH_FAILED);
                    assertThat(failure).hasMessage("vm vm-1 cannot launch: its jail cannot be made");
                });
    }

    private JailedLaunch jailed() {
        return new JailedLaunch(
                Path.of("/usr/bin/jailer"),
                Path.of("/opt/firecracker-v1"),
                VmUids.of(200_000, "127.64.0.0/16"),
                host.worker);
    }

    private Machine machine() {
        var image = host.runDir.resolveSibling("image");
        try {
            Files.writeString(image, "image");
        } catch (IOException cause) {
            throw new UncheckedIOException(cause);
        }
        return new Machine(
                "vm-1",
                directory,
                image,
                image,
                List.of(new Machine.Disk("rootfs", image, false)),
                Resources.of(1, 128),
                new Link.Loopback("127.64.0.5"),
                List.of());
    }
}
