package dev.vmplane.host;

import static dev.vmplane.host.HostRig.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.vmplane.Await;
import dev.vmplane.model.VmmProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A process that was locked into its jail and names nothing of the host any more, recognized by where it is. */
final class JailedProcessTest {
    /** What its root holds besides is the host's programs, seen in there by this process alone. */
    private static final String ENTER = "mount --make-rprivate / && mount --bind \"$1\" \"$1\" && cd \"$1\""
            + " && mkdir usr old && mount --bind /usr usr && ln -s usr/bin usr/lib usr/lib64 . && ";

    private static final String CHROOT = "exec chroot . /bin/sleep 600";
    private static final String PIVOT = "pivot_root . old && exec /bin/sleep 600";

    private HostRig host;

    @BeforeEach
    void open() throws IOException {
        assumeTrue(Files.isWritable(Path.of("/proc/sys/kernel/hostname")), "only root can lock a process into a jail");
        host = new HostRig();
    }

    @AfterEach
    void close() throws IOException {
        if (host != null) {
            host.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {CHROOT, PIVOT})
    void isFoundWatchedAndKilled(String lock) throws IOException {
        var directory = host.directory("vm-1");
        var process = jailed(directory, lock);
        var ended = host.processes.ended(process);

        assertThat(await(host.processes.running())).containsOnly(Map.entry("vm-1", process));
        await(host.processes.kill(directory, process));

        assertThat(await(ended)).isEqualTo(new ProcessEnd(null, 9));
    }

    @ParameterizedTest
    @ValueSource(strings = {CHROOT, PIVOT})
    void isNotTakenForAnother(String lock) throws IOException {
        var other = host.directory("vm-2");
        Files.createDirectories(other.jailRoot());
        var process = jailed(host.directory("vm-1"), lock);

        await(host.processes.kill(other, process));

        assertThat(ProcessEntry.alive(process)).isTrue();
    }

    /** Completes once it names the host no more. */
    private VmmProcess jailed(RunDirectory directory, String lock) throws IOException {
        var root = Files.createDirectories(directory.jailRoot()).toString();
        var process = host.started(await(host.processes.start(new ProcessOrder(
                directory,
                List.of("unshare", "-m", "sh", "-c", ENTER + lock, "sh", root),
                directory.vmmLog(),
                List.of()))));
        var commandLine = Path.of("/proc", Long.toString(process.pid()), "cmdline");
        Await.until(
                true,
                () -> host.worker.executeBlocking(
                        () -> Files.readString(commandLine).startsWith("/bin/sleep")));
        return process;
    }
}
