package dev.vmplane.host;

import static dev.vmplane.host.HostRig.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.model.VmmProcess;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who learns of the end of a real process, when, and how much: while control planes and launchers come and go. */
final class LaunchWatchTest {
    private static final ProcessEnd KILLED = new ProcessEnd(null, 9);

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
    void whatAProcessReturnsIsTold() {
        var process = host.start(directory, "sh", "-c", "exit 7", directory.console() + "");

        assertThat(await(host.processes.ended(process))).isEqualTo(new ProcessEnd(7, null));
    }

    @Test
    void theSignalThatKilledAProcessIsTold() throws IOException {
        var process = host.startIdle(directory);
        var ended = host.processes.ended(process);
        assertThat(ended.isComplete()).isFalse();

        killFromOutside(process);

        assertThat(await(ended)).isEqualTo(KILLED);
        assertThat(await(host.processes.ended(process))).isEqualTo(KILLED);
    }

    @Test
    void anEndWhileNobodyIsThereIsToldToWhoComesNext() throws IOException {
        var process = host.startIdle(directory);
        await(host.processes.close());

        killFromOutside(process);

        assertThat(await(host.launched().ended(process))).isEqualTo(KILLED);
    }

    @Test
    void theEndOfAProcessThatTheLauncherDidNotStartIsTold() throws Exception {
        var stranger = new ProcessBuilder("tail", "-f", "/dev/null").start();
        var process = host.started(ProcessEntry.of(stranger.pid()).orElseThrow());
        var ended = host.processes.ended(process);
        host.startIdle(directory);

        stranger.destroyForcibly().waitFor();

        assertThat(await(ended)).isEqualTo(ProcessEnd.UNKNOWN);
    }

    @Test
    void processesLiveOnWhenTheLauncherIsKilledAndANewOneTakesUpTheWatch() throws IOException {
        var process = host.startIdle(directory);
        var other = host.startIdle(host.directory("vm-2"));
        var ended = host.processes.ended(process);
        var endedOther = host.processes.ended(other);
        var former = killLauncher();
        // Another start needs a launcher, and by then that one watches what the former did.
        var third = host.startIdle(host.directory("vm-3"));

        assertThat(launcherPid()).isNotEqualTo(former);
        assertThat(await(host.processes.running())).containsOnlyKeys("vm-1", "vm-2", "vm-3");
        killFromOutside(process);
        killFromOutside(third);

        assertThat(await(ended)).isEqualTo(ProcessEnd.UNKNOWN);
        assertThat(await(host.processes.ended(third))).isEqualTo(KILLED);
        assertThat(endedOther.isComplete()).isFalse();
        assertThat(ProcessEntry.alive(other)).isTrue();
    }

    @Test
    void anEndWithoutAnyLauncherIsToldAsUnknown() throws IOException {
        var process = host.startIdle(directory);
        await(host.processes.close());
        killLauncher();
        killFromOutside(process);

        assertThat(await(host.launched().ended(process))).isEqualTo(ProcessEnd.UNKNOWN);
    }

    @Test
    void theWatchGoesOnByItselfWhenTheLauncherIsKilled() throws IOException {
        var process = host.startIdle(directory);
        var ended = host.processes.ended(process);
        await(host.processes.kill(directory, new VmmProcess(process.pid(), 1)));

        killLauncher();
        killFromOutside(process);

        assertThat(await(ended)).isEqualTo(ProcessEnd.UNKNOWN);
    }

    @Test
    void aLauncherOfAnotherVersionMakesWayAndNoProcessIsTouched() throws IOException {
        var process = host.startIdle(directory);
        await(host.processes.close());
        var former = launcherPid();

        var newer = host.launchedBy(newerProgram());
        var ended = newer.ended(process);
        var second = host.startIdle(host.directory("vm-2"), newer);

        assertThat(launcherPid()).isNotEqualTo(former);
        assertThat(ProcessEntry.of(former).filter(ProcessEntry::alive)).isEmpty();
        assertThat(await(newer.running())).containsEntry("vm-1", process).containsEntry("vm-2", second);
        killFromOutside(process);
        assertThat(await(ended)).isEqualTo(ProcessEnd.UNKNOWN);
        await(newer.close());
    }

    @Test
    void aProcessThatWaitsForItsParentHasEnded() throws Exception {
        // What the parent prints shows that it has become a program that reads the ends of no children.
        var script = "exec 3<&0; cat <&3 & echo $! >\"$0\"; exec tail -f \"$0\"";
        var parent = new ProcessBuilder("sh", "-c", script, directory.console() + "")
                .redirectError(Redirect.DISCARD)
                .start();
        try {
            var zombie = Long.parseLong(parent.inputReader().readLine());
            var process = ProcessEntry.of(zombie).orElseThrow();

            parent.getOutputStream().close();
            await(host.processes.ended(process));

            assertThat(Path.of("/proc/" + zombie)).exists();
        } finally {
            parent.destroyForcibly().waitFor();
        }
    }

    @Test
    void anotherProcessUnderThePidIsNotTheOneThatIsWaitedFor() throws IOException {
        var process = host.startIdle(directory);

        var end = await(host.processes.ended(new VmmProcess(process.pid(), process.startTicks() - 1)));

        assertThat(end).isEqualTo(ProcessEnd.UNKNOWN);
        assertThat(ProcessEntry.alive(process)).isTrue();
    }

    @Test
    void aForgottenEndIsNeverTold() throws IOException {
        var process = host.startIdle(directory);
        var forgotten = host.processes.ended(process);

        host.processes.forget(process);
        await(host.processes.kill(directory, process));
        await(host.processes.ended(process));

        assertThat(forgotten.isComplete()).isFalse();
    }

    private long launcherPid() throws IOException {
        try (var launcher = host.rawLauncher()) {
            return launcher.pid();
        }
    }

    /** Returns once it is gone. */
    private long killLauncher() throws IOException {
        try (var launcher = host.rawLauncher()) {
            var pid = launcher.pid();
            ProcessHandle.of(pid).orElseThrow().destroyForcibly();
            assertThat(launcher.closed()).isTrue();
            return pid;
        }
    }

    /** The same program with a byte behind its end that nothing reads. */
    private static LauncherProgram newerProgram() throws IOException {
        try (InputStream program = LauncherProgram.class.getResourceAsStream("launcher")) {
            var bytes = program.readAllBytes();
            return new LauncherProgram(Arrays.copyOf(bytes, bytes.length + 1));
        }
    }

    private static void killFromOutside(VmmProcess process) {
        assertThat(ProcessHandle.of(process.pid()).map(ProcessHandle::destroyForcibly))
                .isEqualTo(Optional.of(true));
    }
}
