package dev.vmplane.host;

import static dev.vmplane.host.HostRig.await;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vmplane.Await;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.VmmProcess;
import io.vertx.core.Future;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How real processes of this host are started, and what they may do to it. */
final class LaunchedProcessesTest {
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
    void aStartedProcessIsNoChildOfOursAndLeadsASession() throws IOException {
        var process = host.startIdle(directory);

        var stat = ProcessStat.parse(Files.readString(Path.of("/proc/" + process.pid() + "/stat")));
        assertThat(ProcessHandle.current().descendants()).noneMatch(child -> child.pid() == process.pid());
        assertThat(stat.startTicks()).isEqualTo(process.startTicks());
        assertThat(stat.session()).isEqualTo(process.pid());
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
        var process = ProcessEntry.of(Long.parseLong(pid)).map(host::started);
        assertThat(await(host.processes.running()).get("vm-1")).isEqualTo(process.orElseThrow());
    }

    @Test
    void whatAProcessPrintsIsAppendedToItsLog() throws IOException {
        Files.writeString(directory.vmmLog(), "before\n");

        run("tail -n 1 \"$0\" >&2; echo out");

        assertThat(directory.vmmLog()).hasContent("before\nbefore\nout\n");
    }

    @Test
    void aProcessSeesThePathAndWhatTheShellAddsAndNothingElseOfOurEnvironment() throws IOException {
        assertThat(System.getenv()).hasSizeGreaterThan(1);

        run("tail -c +1 /proc/$$/environ; :");

        var names = Pattern.compile("(?:^|\0)([^=\0]*)=")
                .matcher(Files.readString(directory.vmmLog()))
                .results()
                .map(variable -> variable.group(1));
        assertThat(names).contains("PATH").isSubsetOf("PATH", "PWD", "OLDPWD", "SHLVL", "_");
    }

    @Test
    void aProcessHasNothingOpenButItsOutput() throws IOException {
        host.startIdle(host.directory("vm-2"));

        run("readlink /proc/$$/fd/*");

        var log = directory.vmmLog().toString();
        assertThat(Files.readAllLines(directory.vmmLog())).containsExactly("/dev/null", log, log);
    }

    @Test
    void aProcessRunsInItsDirectoryAndLeavesNoCoreAndNothingThatOthersCouldRead() throws IOException {
        run("pwd; ulimit -c; umask; trap");

        assertThat(Files.readAllLines(directory.vmmLog()))
                .containsExactly(directory.path().toString(), "0", "0077");
    }

    @Test
    void aProcessIsInItsCgroupsBeforeItsFirstInstruction() throws IOException {
        var cgroup = Files.createFile(directory.path().resolve("cgroup.procs"));

        var process = host.started(await(host.processes.start(new ProcessOrder(
                directory,
                List.of("sh", "-c", "cat \"$0\"", cgroup.toString()),
                directory.vmmLog(),
                List.of(cgroup)))));
        await(host.processes.ended(process));

        assertThat(directory.vmmLog()).hasContent(Long.toString(process.pid()));
    }

    @Test
    void aCgroupThatCannotBeJoinedIsSaidAndNothingIsLeft() throws IOException {
        var order = new ProcessOrder(
                directory,
                List.of("touch", directory.path().resolve("ran").toString()),
                directory.vmmLog(),
                List.of(directory.path().resolve("no-cgroup/tasks")));

        var failure = failureOf(order);

        assertThat(failure.reason().code()).isEqualTo(ReasonCode.LIMITS_FAILED);
        assertThat(failure)
                .hasMessage("process of vm vm-1 cannot start: it cannot join its cgroup: No such file or directory");
        assertNothingIsLeft();
        assertThat(directory.path().resolve("ran")).doesNotExist();
    }

    @Test
    void aProgramThatIsMissingIsSaidAndNothingIsLeft() throws IOException {
        var failure = failureOf(order(directory, "/no/such/program", directory.apiSocket() + ""));

        assertThat(failure.reason().code()).isEqualTo(ReasonCode.LAUNCH_FAILED);
        assertThat(failure)
                .hasMessage("process of vm vm-1 cannot start: its program cannot be run: No such file or directory");
        assertNothingIsLeft();
    }

    @Test
    void withoutItsRunDirectoryAProcessCannotStart() throws IOException {
        var missing = RunDirectory.of(host.runDir, "vm-2");

        var failure = failureOf(order(missing, "true", missing.apiSocket() + ""));

        assertThat(failure.reason().code()).isEqualTo(ReasonCode.HOST_FAILED);
        assertThat(failure)
                .hasMessageStartingWith("process of vm vm-2 cannot start: ")
                .hasMessageNotContaining(host.runDir.toString());
        assertNothingIsLeft();
    }

    @Test
    void anOutputThatIsNoFileIsRefused() throws Exception {
        assertThat(new ProcessBuilder("mkfifo", directory.vmmLog() + "").start().waitFor())
                .isZero();

        var failure = failureOf(order(directory, "true", directory.apiSocket() + ""));

        assertThat(failure).hasMessageContaining("its log cannot be written");
    }

    @Test
    void aCommandThatCouldNotBeRecognizedLaterIsRefused() {
        assertThatThrownBy(() -> host.processes.start(order(directory, "tail", "-f", "/dev/null")))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aCommandThatIsTooLongIsRefused() {
        assertThatThrownBy(() -> await(
                        host.processes.start(order(directory, "true", directory.apiSocket() + "x".repeat(70_000)))))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void hundredsStartAtOnce() {
        var orders = IntStream.range(0, 200)
                .mapToObj(number -> host.directory("many-" + number))
                .map(its -> order(its, "tail", "-f", its.vmmLog().toString()))
                .toList();

        var started =
                await(Future.all(orders.stream().map(host.processes::start).toList()));
        started.<VmmProcess>list().forEach(host::started);

        assertThat(await(host.processes.running())).hasSize(200);
    }

    @Test
    void ofWhatAProcessPrintsTheEndIsKept() throws IOException {
        var process = host.start(
                directory,
                "sh",
                "-c",
                "yes 0123456789abcde | head -c 50000000; echo; echo end; exec tail -f /dev/null",
                directory.vmmLog() + "");
        var ended = host.processes.ended(process);

        Await.until(true, () -> host.worker.executeBlocking(() -> endsWith("end\n") && allocatedMib() < 16));

        assertThat(directory.vmmLog()).hasSize(50_000_005);
        assertThat(ended.isComplete()).isFalse();
    }

    private boolean endsWith(String text) throws IOException {
        return new String(new ConsoleFile(directory.vmmLog()).last(text.length()), UTF_8).equals(text);
    }

    private long allocatedMib() throws IOException {
        var stat = new ProcessBuilder("stat", "-c", "%b", directory.vmmLog() + "").start();
        return Long.parseLong(stat.inputReader().readLine()) / 2048;
    }

    private void run(String script) {
        await(host.processes.ended(host.start(directory, "sh", "-c", script, directory.vmmLog() + "")));
    }

    private static ProcessOrder order(RunDirectory directory, String... command) {
        return new ProcessOrder(directory, List.of(command), directory.vmmLog(), List.of());
    }

    private HostException failureOf(ProcessOrder order) {
        return catchThrowableOfType(HostException.class, () -> await(host.processes.start(order)));
    }

    private void assertNothingIsLeft() throws IOException {
        assertThat(await(host.processes.running())).isEmpty();
        try (var launcher = host.rawLauncher()) {
            var children = ProcessHandle.of(launcher.pid()).orElseThrow().children();
            assertThat(children.map(child -> ProcessEntry.of(child.pid()))
                            .flatMap(Optional::stream)
                            .filter(ProcessEntry::alive))
                    .isEmpty();
        }
    }
}
