package dev.vmplane.host;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.concurrent.TimeUnit.MILLISECONDS;

import dev.vmplane.host.Poller.Watch;
import dev.vmplane.model.VmmProcess;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Processes of a Linux host that belong to nobody: a shell of a few milliseconds starts each in a session of its own
 * and ends, so that the process falls to init. It lives on when we end, no thread of ours waits for it, and its only
 * ties are the files in its run directory.
 *
 * <p>What such a process may do to the host is bounded where it starts: no file it writes, the guest's console above
 * all, grows beyond a limit (what exceeds it is lost), it leaves no core file behind with a tenant's memory in it, and
 * of our environment, which may hold secrets, it sees the {@code PATH} alone.
 */
public final class DetachedProcesses implements Processes {
    private static final Logger LOG = LoggerFactory.getLogger(DetachedProcesses.class);

    private static final Duration POLL_INTERVAL = Duration.ofMillis(100);
    private static final int LOOKS_PER_ROUND = 1_000;
    private static final Duration START_LIMIT = Duration.ofSeconds(10);
    private static final Duration KILL_LIMIT = Duration.ofSeconds(10);
    private static final int MAX_FILE_MIB = 64;
    private static final int MAX_PID_BYTES = 32;

    /**
     * The inner shell leads a session before it prints its pid, which the program it turns into keeps. The outer one
     * reads until the inner has let go of the pipe, so when it ends the process is what {@link #running} looks for. The
     * unit of {@code ulimit -f} is 512 bytes; with the signal ignored, a write beyond the limit fails and nothing else
     * happens.
     */
    private static final String START = "trap '' XFSZ; ulimit -c 0; ulimit -f " + MAX_FILE_MIB * 2048
            + "; pid=$(setsid sh -c 'echo $$; exec \"$@\" >&2' sh \"$@\" &); echo \"$pid\"";

    private static final Redirect NOTHING = Redirect.from(new File("/dev/null"));

    private final Path runDir;
    private final HostWork work;
    private final Poller poller;
    private final ProcessTable table = new ProcessTable();
    private final Map<VmmProcess, Watch<Boolean>> endings = new ConcurrentHashMap<>();

    /** For the VMs whose directories lie in {@code runDir}. Its timer lives as long as the context it is made on. */
    public DetachedProcesses(Vertx vertx, Path runDir, WorkerExecutor worker) {
        this.runDir = runDir.toAbsolutePath().normalize();
        this.work = new HostWork(worker);
        this.poller = new Poller(vertx, worker, POLL_INTERVAL, LOOKS_PER_ROUND);
    }

    @Override
    public Future<VmmProcess> start(ProcessOrder order) {
        var directory = order.directory();
        if (order.command().stream().noneMatch(argument -> argument.contains(directory.path() + "/"))) {
            throw new IllegalArgumentException(
                    "a process cannot start: its command names nothing in its run directory");
        }
        return work.run(cannotStart(directory), () -> startDetached(directory, order.command(), order.output()));
    }

    @Override
    public Future<Map<String, VmmProcess>> running() {
        return work.run("running processes cannot be found", () -> table.below(runDir));
    }

    @Override
    public Future<ProcessEnd> ended(VmmProcess process) {
        var ending = endings.computeIfAbsent(
                process,
                meant -> poller.watch(() -> {
                    var end = endOf(meant);
                    end.ifPresent(gone -> endings.remove(meant));
                    return end;
                }));
        return poller.seen(ending).map(ProcessEnd.UNKNOWN);
    }

    @Override
    public void forget(VmmProcess process) {
        var ending = endings.remove(process);
        if (ending != null) {
            ending.cancel();
        }
    }

    @Override
    public Future<Void> kill(RunDirectory directory, VmmProcess process) {
        return work.run(cannotBeKilled(process), () -> signal(directory, process))
                .compose(sent -> sent ? gone(process) : Future.succeededFuture());
    }

    private VmmProcess startDetached(RunDirectory directory, List<String> command, Path output)
            throws IOException, InterruptedException {
        var shell = shell(directory, command, output);
        try (var printed = shell.getInputStream()) {
            if (!shell.waitFor(START_LIMIT.toMillis(), MILLISECONDS)) {
                throw new HostException(
                        cannotStart(directory) + ": its shell took over " + START_LIMIT.toSeconds() + " s");
            }
            var pid = Long.parseLong(new String(printed.readNBytes(MAX_PID_BYTES), US_ASCII).trim());
            return table.process(pid)
                    .orElseThrow(() -> new HostException(cannotStart(directory) + ": it ended at once"));
        } catch (NumberFormatException noPid) {
            throw new HostException(cannotStart(directory) + ": its shell failed", noPid);
        } finally {
            shell.destroyForcibly();
        }
    }

    private static Process shell(RunDirectory directory, List<String> command, Path output) throws IOException {
        var arguments = new ArrayList<>(List.of("/bin/sh", "-c", START, "sh"));
        arguments.addAll(command);
        var builder = new ProcessBuilder(arguments)
                .directory(directory.path().toFile())
                .redirectInput(NOTHING)
                .redirectError(Redirect.appendTo(output.toFile()));
        builder.environment().keySet().retainAll(Set.of("PATH"));
        return builder.start();
    }

    private static String cannotStart(RunDirectory directory) {
        return "process of vm " + directory.path().getFileName() + " cannot start";
    }

    private static String cannotBeKilled(VmmProcess process) {
        return "process " + process.pid() + " cannot be killed";
    }

    /** Whether a signal was sent and the end is to be awaited. */
    private boolean signal(RunDirectory directory, VmmProcess process) throws IOException {
        // Taken before the checks: it keeps the start time of what has the pid now, and signals nothing else.
        var handle = ProcessHandle.of(process.pid());
        if (handle.isEmpty() || table.gone(process)) {
            return false;
        }
        var commandLine = table.commandLine(process.pid());
        if (commandLine.isEmpty()) {
            // It has let go of its memory already: it ends by itself.
            return true;
        }
        if (!commandLine.contains(directory.path() + "/")) {
            LOG.atWarn().addKeyValue("pid", process.pid()).log("not killing a process that is not the VM's");
            return false;
        }
        if (!handle.get().destroyForcibly() && !table.gone(process)) {
            throw new HostException(cannotBeKilled(process) + ": the host refuses the signal");
        }
        return true;
    }

    private Future<Void> gone(VmmProcess process) {
        var ending = poller.watch(() -> endOf(process));
        return poller.seen(ending)
                .timeout(KILL_LIMIT.toMillis(), MILLISECONDS)
                .<Void>mapEmpty()
                .recover(late -> {
                    ending.cancel();
                    return Future.failedFuture(new HostException(
                            cannotBeKilled(process) + ": it is still there after " + KILL_LIMIT.toSeconds() + " s"));
                });
    }

    private Optional<Boolean> endOf(VmmProcess process) throws IOException {
        return table.gone(process) ? Optional.of(true) : Optional.empty();
    }
}
