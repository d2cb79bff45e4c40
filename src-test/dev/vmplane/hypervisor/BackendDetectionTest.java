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

    @ParameterizedTest(name = "linux {0}, kvm {1}, firecracker {2}, qemu {3}")
    @CsvSource({
        "true,  true,  true,  true,  FIRECRACKER, false",
        "true,  true,  true,  false, FIRECRACKER, false",
        "true,  true,  false, true,  QEMU,        false",
        "true,  false, true,  true,  QEMU,        false",
        "true,  false, true,  false, SIMULATOR,   true",
        "true,  true,  false, false, SIMULATOR,   true",
        "false, false, false, true,  QEMU,        false",
        "false, true,  true,  true,  QEMU,        false",
        "false, false, false, false, SIMULATOR,   true"
    })
    void unaskedItIsTheBestTheHostCanRun(
            boolean linux, boolean kvm, boolean firecracker, boolean qemu, Backend backend, boolean doubtful) {
        var choice = BackendDetection.choose(null, new BackendDetection.Host(linux, kvm, firecracker, qemu));

        assertThat(choice.backend()).isEqualTo(backend);
        assertThat(choice.doubtful()).isEqualTo(doubtful);
    }

    @ParameterizedTest
    @CsvSource({"firecracker,FIRECRACKER,true", "qemu,QEMU,true", " qemu ,QEMU,true", "simulator,SIMULATOR,false"})
    void askedForItIsThatOneEvenAgainstTheOdds(String asked, Backend backend, boolean doubtful) {
        var choice = BackendDetection.choose(asked, new BackendDetection.Host(true, false, false, false));

        assertThat(choice.backend()).isEqualTo(backend);
        assertThat(choice.doubtful()).isEqualTo(doubtful);
    }

    @Test
    void anUnknownBackendIsRefusedNamingThoseThereAre() {
        var host = new BackendDetection.Host(true, true, true, true);

        assertThatThrownBy(() -> BackendDetection.choose("xen", host))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("FC_BACKEND cannot be used: 'xen' is not one of firecracker, qemu, simulator");
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
