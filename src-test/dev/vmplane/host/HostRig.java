package dev.vmplane.host;

import static java.util.concurrent.TimeUnit.SECONDS;

import dev.vmplane.model.VmmProcess;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A host's worth of directories and processes for one test, gone without a trace when it closes. */
public final class HostRig implements AutoCloseable {
    private static final int LIMIT_SECONDS = 60;

    private final Path home;
    private final List<VmmProcess> started = new ArrayList<>();

    public final Vertx vertx = Vertx.vertx();
    public final WorkerExecutor worker = vertx.createSharedWorkerExecutor("host", 4);
    public final Path runDir;
    public final RunDirectories directories;
    public final LaunchedProcesses processes;

    public HostRig() throws IOException {
        home = Files.createTempDirectory("vmplane");
        runDir = home.resolve("run");
        directories = new RunDirectories(runDir, worker);
        processes = launched();
    }

    /** Processes as another control plane of the same state directory sees them. */
    public LaunchedProcesses launched() {
        return new LaunchedProcesses(vertx, home, runDir, worker);
    }

    LaunchedProcesses launchedBy(LauncherProgram program) {
        return new LaunchedProcesses(vertx, home, runDir, worker, program);
    }

    RawLauncher rawLauncher() throws IOException {
        return new RawLauncher(home);
    }

    Path stateDir() {
        return home;
    }

    /** A process that does nothing until it is killed, and names the directory as hypervisors do. */
    public VmmProcess startIdle(RunDirectory directory) throws IOException {
        return startIdle(directory, processes);
    }

    VmmProcess startIdle(RunDirectory directory, Processes processes) throws IOException {
        var file = Files.createFile(directory.path().resolve("followed"));
        return started(await(processes.start(
                new ProcessOrder(directory, List.of("tail", "-f", file.toString()), directory.vmmLog(), List.of()))));
    }

    public VmmProcess start(RunDirectory directory, String... command) {
        return started(
                await(processes.start(new ProcessOrder(directory, List.of(command), directory.vmmLog(), List.of()))));
    }

    /** Makes sure that {@code process} does not outlive the test. */
    public VmmProcess started(VmmProcess process) {
        started.add(process);
        return process;
    }

    public RunDirectory directory(String vmId) {
        return await(directories.create(vmId));
    }

    /** What the future holds; fails when that takes suspiciously long. */
    public static <T> T await(Future<T> future) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(LIMIT_SECONDS, SECONDS);
        } catch (java.util.concurrent.ExecutionException failed) {
            throw failed.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(failed);
        } catch (Exception late) {
            throw new AssertionError("nothing came within " + LIMIT_SECONDS + " s", late);
        }
    }

    @Override
    public void close() throws IOException {
        for (var process : started) {
            if (ProcessEntry.alive(process)) {
                ProcessHandle.of(process.pid()).ifPresent(ProcessHandle::destroyForcibly);
            }
        }
        await(processes.close());
        await(vertx.close());
        if (Files.exists(home.resolve("launcher.sock"))) {
            endLauncher();
        }
        try (var files = Files.walk(home)) {
            for (var file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }

    private void endLauncher() throws IOException {
        try (var launcher = rawLauncher()) {
            launcher.say("0", "quit");
            launcher.closed();
        } catch (java.net.ConnectException killedByTheTest) {
            Files.delete(home.resolve("launcher.sock"));
        }
    }
}
