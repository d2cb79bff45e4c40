package dev.vmplane.host;

import static dev.vmplane.host.HostRig.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmplane.model.VmmProcess;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** With real processes of this host, started, watched and killed. */
final class DetachedProcessesTest {
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
    void aStartedProcessIsNobodysChildAndLeadsASession() throws IOException {
        var process = host.startIdle(directory);

        var stat = ProcessStat.parse(Files.readString(Path.of("/proc/" + process.pid() + "/stat")));
        assertThat(ProcessHandle.current().children()).noneMatch(child -> child.pid() == process.pid());
        assertThat(stat.startTicks()).isEqualTo(process.startTicks());
        assertThat(await(host.processes.running())).containsEntry("vm-1", process);
    }

    @Test
    void aProcessOutlivesTheJvmThatStartedIt() throws Exception {
        var starter = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        StartAndHalt.class.getName(),
                        host.runDir.toString())
                .redirectError(Redirect.DISCARD)
                .start();
        var pid = starter.inputReader().lines().reduce((line, last) -> last).orElseThrow();

        assertThat(starter.waitFor()).isEqualTo(StartAndHalt.STATUS);
        var process = new ProcessTable().process(Long.parseLong(pid)).map(host::started);
        assertThat(await(host.processes.running()).get("vm-1")).isEqualTo(process.orElseThrow());
    }

    @Test
    void whatAProcessPrintsIsAppendedToItsLog() throws IOException {
        Files.writeString(directory.vmmLog(), "before\n");
        var process = host.start(directory, "sh", "-c", "tail -n 1 \"$0\" >&2; echo out", directory.vmmLog() + "");

        await(host.processes.ended(process));

        assertThat(directory.vmmLog()).hasContent("before\nbefore\nout\n");
    }

    @Test
    void aProcessSeesThePathAndWhatTheShellAddsAndNothingElseOfOurEnvironment() throws IOException {
        assertThat(System.getenv()).hasSizeGreaterThan(1);
        var process = host.start(directory, "sh", "-c", "tail -c +1 /proc/$$/environ; :", directory.console() + "");

        await(host.processes.ended(process));

        var names = Pattern.compile("(?:^|\0)([^=\0]*)=")
                .matcher(Files.readString(directory.vmmLog()))
                .results()
                .map(variable -> variable.group(1));
        assertThat(names).contains("PATH").isSubsetOf("PATH", "PWD", "OLDPWD", "SHLVL", "_");
    }

    @Test
    void aFileStopsGrowingAtTheLimit() throws IOException {
        var process = host.start(directory, "sh", "-c", "exec yes >\"$0\"", directory.console() + "");

        await(host.processes.ended(process));

        assertThat(directory.console()).hasSize(64 << 20);
    }

    @Test
    void aProgramThatIsMissingSaysSoInTheLog() {
        var ended = host.processes
                .start(new ProcessOrder(
                        directory,
                        List.of("/no/such/program", directory.apiSocket() + ""),
                        directory.vmmLog(),
                        List.of()))
                .compose(host.processes::ended)
                .otherwiseEmpty();

        await(ended);

        assertThat(directory.vmmLog()).content().contains("/no/such/program");
    }

    @Test
    void withoutItsRunDirectoryAProcessCannotStart() {
        var missing = RunDirectory.of(host.runDir, "vm-2");

        assertThatThrownBy(() -> await(host.processes.start(new ProcessOrder(
                        missing, List.of("true", missing.apiSocket() + ""), missing.vmmLog(), List.of()))))
                .isInstanceOf(HostException.class)
                .hasMessageStartingWith("process of vm vm-2 cannot start: ")
                .hasMessageNotContaining(host.runDir.toString());
    }

    @Test
    void aCommandThatCouldNotBeRecognizedLaterIsRefused() {
        assertThatThrownBy(() -> host.processes.start(
                        new ProcessOrder(directory, List.of("tail", "-f", "/dev/null"), directory.vmmLog(), List.of())))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void theEndOfAProcessIsTold() throws IOException {
        var process = host.startIdle(directory);
        var ended = host.processes.ended(process);
        assertThat(ended.isComplete()).isFalse();

        killFromOutside(process);

        await(ended);
        await(host.processes.ended(process));
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
            var process = new ProcessTable().process(zombie).orElseThrow();

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

        await(host.processes.ended(new VmmProcess(process.pid(), process.startTicks() - 1)));

        assertThat(alive(process)).isTrue();
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

    @Test
    void aKilledProcessIsGone() throws IOException {
        var process = host.startIdle(directory);

        await(host.processes.kill(directory, process));

        assertThat(alive(process)).isFalse();
        await(host.processes.kill(directory, process));
    }

    @Test
    void aDecoyThatStartedAtAnotherTimeIsNotKilled() throws IOException {
        var decoy = host.startIdle(directory);

        await(host.processes.kill(directory, new VmmProcess(decoy.pid(), decoy.startTicks() - 1)));

        assertThat(alive(decoy)).isTrue();
    }

    @Test
    void aDecoyThatNamesAnotherVmIsNotKilled() throws IOException {
        var decoy = host.startIdle(host.directory("vm-10"));

        await(host.processes.kill(directory, decoy));

        assertThat(alive(decoy)).isTrue();
    }

    @Test
    void theProcessesOfThisStateDirectoryAreFoundByVmId() throws IOException {
        var first = host.startIdle(directory);
        var second = host.startIdle(host.directory("vm-2"));
        var elsewhere = new RunDirectories(host.runDir.resolveSibling("other"), host.worker);
        host.startIdle(await(elsewhere.create("vm-3")));

        var found = await(host.processes.running());
        assertThat(found).containsOnlyKeys("vm-1", "vm-2");
        assertThat(found).containsEntry("vm-1", first).containsEntry("vm-2", second);
    }

    @Test
    void whoReadsAVmsFilesIsNotTakenForTheVm() throws Exception {
        Files.createFile(directory.console());
        var reader = new ProcessBuilder("tail", "-f", directory.console() + "").start();
        try {
            assertThat(await(host.processes.running())).isEmpty();
        } finally {
            reader.destroyForcibly().waitFor();
        }
    }

    private static void killFromOutside(VmmProcess process) {
        assertThat(ProcessHandle.of(process.pid()).map(ProcessHandle::destroyForcibly))
                .isEqualTo(Optional.of(true));
    }

    private static boolean alive(VmmProcess process) throws IOException {
        return !new ProcessTable().gone(process);
    }
}
