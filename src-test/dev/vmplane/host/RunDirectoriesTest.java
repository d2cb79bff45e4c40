package dev.vmplane.host;

import static dev.vmplane.host.HostRig.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RunDirectoriesTest {
    private HostRig host;

    @BeforeEach
    void open() throws IOException {
        host = new HostRig();
    }

    @AfterEach
    void close() throws IOException {
        host.close();
    }

    @Test
    void onlyTheOwnerLooksIntoADirectoryAndItsConfigurationDisk() throws IOException {
        var directory = host.directory("vm-1");

        await(host.directories.writeConfigDisk("vm-1", config()));

        assertThat(permissions(directory.path())).isEqualTo("rwx------");
        assertThat(permissions(directory.configDisk())).isEqualTo("rw-------");
        assertThat(directory.configDisk()).hasBinaryContent(ConfigDisk.encode(config()));
    }

    @Test
    void nothingUnfinishedIsLeftBesideTheConfigurationDisk() {
        var directory = host.directory("vm-1");

        await(host.directories.writeConfigDisk("vm-1", config()));
        await(host.directories.writeConfigDisk("vm-1", config()));

        assertThat(directory.path()).isDirectoryContaining(file -> file.equals(directory.configDisk()));
        assertThat(directory.path().toFile().list()).hasSize(1);
    }

    @Test
    void aDirectoryMadeAgainKeepsWhatIsInIt() throws IOException {
        var directory = host.directory("vm-1");
        Files.writeString(directory.console(), "hello");

        host.directory("vm-1");

        assertThat(directory.console()).hasContent("hello");
    }

    @Test
    void theVmsWithADirectoryAreListed() throws IOException {
        host.directory("vm-1");
        host.directory("vm-2");
        Files.createFile(host.runDir.resolve(".not a vm"));

        assertThat(await(host.directories.held())).containsExactlyInAnyOrder("vm-1", "vm-2");
    }

    @Test
    void beforeTheFirstVmNothingIsListed() {
        assertThat(await(host.directories.held())).isEmpty();
    }

    @Test
    void aDirectoryIsTakenBackWithAllThatLiesInIt() throws IOException {
        var directory = host.directory("vm-1");
        Files.createDirectories(directory.path().resolve("deep/deeper"));
        Files.writeString(directory.path().resolve("deep/deeper/file"), "x");

        await(host.directories.takeBack("vm-1"));
        await(host.directories.takeBack("vm-1"));

        assertThat(directory.path()).doesNotExist();
    }

    @Test
    void linksAreRemovedAndNotFollowed() throws IOException {
        var outside = Files.createDirectories(host.runDir.resolveSibling("outside"));
        Files.writeString(outside.resolve("precious"), "x");
        var directory = host.directory("vm-1");
        Files.createSymbolicLink(directory.path().resolve("link"), outside);
        Files.createSymbolicLink(host.runDir.resolve("vm-2"), outside);

        await(host.directories.takeBack("vm-1"));
        await(host.directories.takeBack("vm-2"));

        assertThat(outside.resolve("precious")).exists();
        assertThat(host.runDir).isEmptyDirectory();
    }

    @Test
    void aLinkIsNoDirectoryToLend() throws IOException {
        Files.createDirectories(host.runDir);
        Files.createSymbolicLink(host.runDir.resolve("vm-1"), Path.of("/tmp"));

        assertThatThrownBy(() -> host.directory("vm-1"))
                .isInstanceOf(HostException.class)
                .hasMessage("vm vm-1 cannot be lent a run directory: FileAlreadyExistsException");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", "../vm-1", "/etc", "vm-1/..", "vm 1", "-vm"})
    void nothingButAnIdIsTakenForADirectorysName(String name) {
        assertThatThrownBy(() -> host.directories.takeBack(name))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("cannot be the id of a VM");
    }

    @Test
    void aPathTooLongForASocketIsRefusedBeforeAnythingIsMade() {
        var deep = host.runDir.resolve("d".repeat(100));

        assertThatThrownBy(() -> await(new RunDirectories(deep, host.worker).create("vm-1")))
                .isInstanceOf(HostException.class)
                .hasMessageContaining("bytes, 107 at most; choose a shorter state_dir");
        assertThat(deep).doesNotExist();
    }

    private static String permissions(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    private static GuestConfig config() {
        return new GuestConfig("vm-1", List.of("true"), Map.of(), null, null, List.of(), 10, GuestConfig.End.POWEROFF);
    }
}
