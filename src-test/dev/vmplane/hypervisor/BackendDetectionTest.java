package dev.vmplane.hypervisor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmplane.model.Backend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class BackendDetectionTest {

    @ParameterizedTest(name = "linux {0}, kvm {1}, firecracker {2}, cloud-hypervisor {3}, qemu {4}")
    @CsvSource({
        "true,  true,  true,  true,  true,  FIRECRACKER,      false",
        "true,  true,  true,  false, false, FIRECRACKER,      false",
        "true,  true,  false, true,  true,  CLOUD_HYPERVISOR, false",
        "true,  true,  false, true,  false, CLOUD_HYPERVISOR, false",
        "true,  true,  false, false, true,  QEMU,             false",
        "true,  false, true,  true,  true,  QEMU,             false",
        "true,  false, true,  true,  false, SIMULATOR,        true",
        "true,  true,  false, false, false, SIMULATOR,        true",
        "false, false, false, false, true,  QEMU,             false",
        "false, true,  true,  true,  true,  QEMU,             false",
        "false, true,  true,  true,  false, SIMULATOR,        true",
        "false, false, false, false, false, SIMULATOR,        true"
    })
    void unaskedItIsTheBestTheHostCanRun(
            boolean linux,
            boolean kvm,
            boolean firecracker,
            boolean cloudHypervisor,
            boolean qemu,
            Backend backend,
            boolean doubtful) {
        var choice = BackendDetection.choose(
                null, new BackendDetection.Host(linux, kvm, firecracker, cloudHypervisor, qemu));

        assertThat(choice.backend()).isEqualTo(backend);
        assertThat(choice.doubtful()).isEqualTo(doubtful);
    }

    @ParameterizedTest
    @CsvSource({
        "firecracker,FIRECRACKER,true",
        "cloud_hypervisor,CLOUD_HYPERVISOR,true",
        "qemu,QEMU,true",
        " qemu ,QEMU,true",
        "simulator,SIMULATOR,false"
    })
    void askedForItIsThatOneEvenAgainstTheOdds(String asked, Backend backend, boolean doubtful) {
        var choice = BackendDetection.choose(asked, new BackendDetection.Host(true, false, false, false, false));

        assertThat(choice.backend()).isEqualTo(backend);
        assertThat(choice.doubtful()).isEqualTo(doubtful);
    }

    @Test
    void anUnknownBackendIsRefusedNamingThoseThereAre() {
        var host = new BackendDetection.Host(true, true, true, true, true);

        assertThatThrownBy(() -> BackendDetection.choose("xen", host))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "FC_BACKEND cannot be used: 'xen' is not one of firecracker, cloud_hypervisor, qemu, simulator");
    }

    @Test
    void aProgramIsTheFirstExecutableFileOfThatNameOnThePath(@TempDir Path directory) throws IOException {
        var first = Files.createDirectories(directory.resolve("first"));
        var second = Files.createDirectories(directory.resolve("second"));
        Files.createFile(first.resolve("vmm"));
        var executable = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
        Files.createFile(second.resolve("vmm"), executable);

        var found = BackendDetection.program("vmm", ":" + first + ":/nowhere:" + second);

        assertThat(found).contains(second.resolve("vmm"));
    }
}
