package dev.vmplane.host;

import static dev.vmplane.host.HostRig.await;
import static dev.vmplane.host.LogRig.out;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class LogArchiveTest {
    private LogRig logs;

    @BeforeEach
    void open() throws IOException {
        logs = new LogRig();
    }

    @AfterEach
    void close() throws IOException {
        logs.close();
    }

    @Test
    void whoeverReadsGoesOnWhereTheConsoleEnded() {
        logs.print("vm-1", out(1, "one") + out(2, "two"));
        var place = logs.read("vm-1", 0).lines().get(0).end();

        end("vm-1");

        assertThat(logs.texts("vm-1", place)).containsExactly("two");
        assertThat(logs.texts("vm-1", 0)).containsExactly("one", "two");
    }

    @Test
    void theEndOfALongLogIsKeptAtItsPlace() throws IOException {
        logs.print("vm-1", out(1, "x".repeat(100)).repeat(40_000) + out(2, "last"));
        var end = Files.size(logs.console("vm-1"));

        end("vm-1");

        var first = logs.read("vm-1", 0);
        assertThat(first.skipped()).isEqualTo(end - 256 * 1024);
        assertThat(logs.texts("vm-1", 0)).hasSizeBetween(2_000, 2_400).endsWith("last");
        assertThat(logs.texts("vm-1", logs.find("vm-1", 1, null))).containsExactly("last");
        var kept = logs.directory().resolve("vm-1.log");
        assertThat((long) Files.getAttribute(kept, "unix:size")).isEqualTo(end);
        assertThat(blocks(kept)).isLessThanOrEqualTo(300 * 1024);
    }

    @Test
    void whatIsKeptSurvivesThatItIsKeptAgain() {
        logs.print("vm-1", out(1, "one"));
        end("vm-1");

        end("vm-1");

        assertThat(logs.texts("vm-1", 0)).containsExactly("one");
    }

    @Test
    void aVmThatPrintedNothingLeavesNothing() {
        end("vm-1");

        assertThat(await(logs.archive.kept())).isEmpty();
    }

    @Test
    void onlyItsOwnerMayReadIt() throws IOException {
        logs.print("vm-1", out(1, "secret"));

        end("vm-1");

        assertThat(permissions("logs")).isEqualTo("rwx------");
        assertThat(permissions("logs/vm-1.log")).isEqualTo("rw-------");
    }

    @Test
    void whatIsDroppedIsGoneAndTheRestStays() {
        List.of("vm-1", "vm-2").forEach(vmId -> {
            logs.print(vmId, out(1, vmId));
            end(vmId);
        });

        await(logs.archive.drop(List.of("vm-1", "vm-3")));

        assertThat(await(logs.archive.kept())).containsExactly("vm-2");
    }

    @Test
    void anIdThatCouldNameAnotherPlaceIsRefused() {
        assertThatThrownBy(() -> logs.archive.of("../vm-1")).isInstanceOf(IllegalArgumentException.class);
    }

    private void end(String vmId) {
        await(logs.archive.keep(vmId).compose(kept -> logs.host.directories.takeBack(vmId)));
    }

    private String permissions(String file) throws IOException {
        return PosixFilePermissions.toString(
                Files.getPosixFilePermissions(logs.host.stateDir().resolve(file)));
    }

    /** What the file takes on disk; the JDK does not tell. */
    private static long blocks(Path file) throws IOException {
        var du = new ProcessBuilder("du", "-k", file.toString()).start();
        return Long.parseLong(new String(du.getInputStream().readAllBytes(), UTF_8).replaceFirst("\t.*\n", "")) * 1024;
    }
}
