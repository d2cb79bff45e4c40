package dev.vmplane.host;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import dev.vmplane.host.LauncherLine.LostException;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.VmmProcess;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Processes of a Linux host, started and watched by the launcher, which lives on when we end: they run on, and an end
 * that comes while nobody of us is there is told, with its status, to whoever comes next. When the launcher itself has
 * gone, a new one takes up the watch; of what ended in between it knows that it is gone, and no more.
 *
 * <p>What such a process may do to the host is bounded where it starts: it has a session of its own, only its output is
 * open, it leaves no core file behind with a tenant's memory in it, and of our environment, which may hold secrets, it
 * sees the {@code PATH} alone. Of its console and its log the launcher keeps the last 8 MiB.
 */
public final class LaunchedProcesses implements Processes {
    private static final Logger LOG = LoggerFactory.getLogger(LaunchedProcesses.class);

    private static final Duration KILL_LIMIT = Duration.ofSeconds(10);

    private final Vertx vertx;
    private final Context home;
    private final Path runDir;
    private final HostWork work;
    private final ProcessTable table = new ProcessTable();
    private final LaunchWatch watch;
    private final Launcher launcher;

    /**
     * For the VMs whose directories lie in {@code runDir}. Its connection belongs to the context it is made on.
     *
     * @param stateDir where the launcher has its socket, one for a state directory
     */
    public LaunchedProcesses(Vertx vertx, Path stateDir, Path runDir, WorkerExecutor worker) {
        this(vertx, stateDir, runDir, worker, LauncherProgram.ofThisJar());
    }

    LaunchedProcesses(Vertx vertx, Path stateDir, Path runDir, WorkerExecutor worker, LauncherProgram program) {
        this.vertx = vertx;
        this.home = vertx.getOrCreateContext();
        this.runDir = runDir.toAbsolutePath().normalize();
        this.work = new HostWork(worker);
        this.watch = new LaunchWatch(vertx, this::line);
        var directory = stateDir.toAbsolutePath().normalize();
        this.launcher = new Launcher(vertx, worker, directory, program, watch::met, watch::hear);
    }

    @Override
    public Future<VmmProcess> start(ProcessOrder order) {
        var directory = order.directory();
        if (order.command().stream().noneMatch(argument -> argument.contains(directory.path() + "/"))) {
            throw new IllegalArgumentException(
                    "a process cannot start: its command names nothing in its run directory");
        }
        return atHome(() -> ask(startOf(order))
                .map(answer -> started(directory, answer))
                .recover(failure ->
                        failure instanceof LostException ? startedUnheard(directory) : Future.failedFuture(failure)));
    }

    @Override
    public Future<Map<String, VmmProcess>> running() {
        return atHome(() -> work.run("running processes cannot be found", () -> table.below(runDir))
                .map(found -> {
                    found.forEach((vmId, process) -> watch.runsIn(RunDirectory.of(runDir, vmId), process));
                    return found;
                }));
    }

    @Override
    public Future<ProcessEnd> ended(VmmProcess process) {
        return atHome(() -> watch.ended(process));
    }

    @Override
    public void forget(VmmProcess process) {
        home.runOnContext(here -> watch.forget(process));
    }

    @Override
    public Future<Void> kill(RunDirectory directory, VmmProcess process) {
        var request = List.of(
                "kill",
                Long.toString(process.pid()),
                Long.toString(process.startTicks()),
                directory.path().toString(),
                directory.jailRoot().toString());
        return atHome(() -> ask(request)
                .recover(failure -> failure instanceof LostException ? ask(request) : Future.failedFuture(failure))
                .compose(answer -> killed(process, answer)));
    }

    @Override
    public Future<Void> close() {
        return atHome(() -> {
            watch.close();
            return launcher.close();
        });
    }

    private Future<LauncherLine> line() {
        return launcher.line();
    }

    private Future<List<String>> ask(List<String> request) {
        return launcher.line().compose(line -> line.ask(request));
    }

    private static List<String> startOf(ProcessOrder order) {
        var request = new ArrayList<>(List.of(
                "start",
                order.directory().path().toString(),
                order.output().toString(),
                System.getenv().getOrDefault("PATH", ""),
                Integer.toString(order.cgroups().size())));
        order.cgroups().forEach(cgroup -> request.add(cgroup.toString()));
        request.addAll(order.command());
        return request;
    }

    private VmmProcess started(RunDirectory directory, List<String> answer) {
        if (!answer.get(0).equals("ok")) {
            throw refusal(directory, answer.get(1), answer.get(2));
        }
        var process = new VmmProcess(Long.parseLong(answer.get(1)), Long.parseLong(answer.get(2)));
        watch.runsIn(directory, process);
        return process;
    }

    /** The launcher went away over the request. A process that had become the program by then is there to be found. */
    private Future<VmmProcess> startedUnheard(RunDirectory directory) {
        var vmId = directory.path().getFileName().toString();
        return running().map(found -> {
            var process = found.get(vmId);
            if (process == null) {
                throw new HostException(cannotStart(directory) + ": the launcher is gone");
            }
            return process;
        });
    }

    private static HostException refusal(RunDirectory directory, String step, String error) {
        var sentence = cannotStart(directory) + ": ";
        return switch (step) {
            case "program" ->
                new HostException(ReasonCode.LAUNCH_FAILED, sentence + "its program cannot be run: " + error, null);
            case "cgroup" ->
                new HostException(ReasonCode.LIMITS_FAILED, sentence + "it cannot join its cgroup: " + error, null);
            case "directory" -> new HostException(sentence + "its run directory cannot be entered: " + error);
            case "output" -> new HostException(sentence + "its log cannot be written: " + error);
            default -> new HostException(sentence + step + " failed: " + error);
        };
    }

    private Future<Void> killed(VmmProcess process, List<String> answer) {
        return switch (answer.get(0)) {
            case "gone" -> Future.succeededFuture();
            case "sent" ->
                watch.killed(process)
                        .timeout(KILL_LIMIT.toMillis(), MILLISECONDS)
                        .<Void>mapEmpty()
                        .recover(late -> Future.failedFuture(new HostException(cannotBeKilled(process)
                                + ": it is still there after " + KILL_LIMIT.toSeconds() + " s")));
            case "stranger" -> {
                LOG.atWarn().addKeyValue("pid", process.pid()).log("not killing a process that is not the VM's");
                yield Future.succeededFuture();
            }
            default ->
                Future.failedFuture(
                        new HostException(cannotBeKilled(process) + ": the host refuses the signal: " + answer.get(1)));
        };
    }

    private static String cannotStart(RunDirectory directory) {
        return "process of vm " + directory.path().getFileName() + " cannot start";
    }

    private static String cannotBeKilled(VmmProcess process) {
        return "process " + process.pid() + " cannot be killed";
    }

    /** Everything that touches the launcher happens on one event loop; who asked is told on its own. */
    private <T> Future<T> atHome(Supplier<Future<T>> asked) {
        var caller = vertx.getOrCreateContext();
        Promise<T> told = Promise.promise();
        home.runOnContext(here -> Future.succeededFuture()
                .compose(now -> asked.get())
                .onComplete(
                        done -> caller.runOnContext(there -> told.complete(done)),
                        failure -> caller.runOnContext(there -> told.fail(failure))));
        return told.future();
    }
}
