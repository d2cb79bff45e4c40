package dev.vmplane.host;

import dev.vmplane.model.VmmProcess;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The ends that somebody waits for. Each launcher that is met is told of all of them again, and as long as there are any
 * one is looked for: the waiting survives every launcher. Lives on one event loop.
 */
final class LaunchWatch {
    private static final Logger LOG = LoggerFactory.getLogger(LaunchWatch.class);

    /** Between two attempts to find a launcher, and to have a process watched that could not be. */
    private static final long RETRY_DELAY_MS = 1_000;

    private final Vertx vertx;
    private final Supplier<Future<LauncherLine>> lines;

    /** Those that others wait for, until they forget them. */
    private final Map<VmmProcess, Promise<ProcessEnd>> asked = new HashMap<>();

    /** Those that are being killed. */
    private final Map<VmmProcess, Promise<ProcessEnd>> doomed = new HashMap<>();

    private final Map<VmmProcess, RunDirectory> directories = new HashMap<>();
    private LauncherLine line;

    /** Just met: one that goes away now may do so again and again. */
    private boolean young;

    private boolean looking;
    private boolean failing;

    /** @param lines finds a launcher, which is then {@link #met} */
    LaunchWatch(Vertx vertx, Supplier<Future<LauncherLine>> lines) {
        this.vertx = vertx;
        this.lines = lines;
    }

    /** Says where the process prints to, which is bounded from when its end is waited for. */
    void runsIn(RunDirectory directory, VmmProcess process) {
        directories.put(process, directory);
    }

    Future<ProcessEnd> ended(VmmProcess process) {
        return await(process, asked);
    }

    /** Like {@link #ended}, and no {@link #forget} ends it. */
    Future<ProcessEnd> killed(VmmProcess process) {
        return await(process, doomed);
    }

    void forget(VmmProcess process) {
        asked.remove(process);
    }

    /** Nobody waits for anything any more. */
    void close() {
        asked.clear();
        doomed.clear();
    }

    void met(LauncherLine launcher) {
        if (failing) {
            LOG.atInfo().log("the launcher answers again");
        }
        failing = false;
        line = launcher;
        waitedFor().forEach(this::tell);
        young = true;
        vertx.setTimer(RETRY_DELAY_MS, old -> young &= line != launcher);
        launcher.lost().onSuccess(gone -> lost());
    }

    /** What the launcher says by itself. */
    void hear(List<String> news) {
        if (news.size() < 3) {
            return;
        }
        var process = new VmmProcess(Long.parseLong(news.get(1)), Long.parseLong(news.get(2)));
        if (news.get(0).equals("ended") && news.size() == 5) {
            end(process, endOf(news.get(3), Integer.parseInt(news.get(4))));
        } else {
            LOG.atWarn().addKeyValue("process", process).log("the launcher cannot watch a process, trying on");
            vertx.setTimer(RETRY_DELAY_MS, due -> tellIfAwaited(process));
        }
    }

    private static ProcessEnd endOf(String kind, int number) {
        return switch (kind) {
            case "status" -> new ProcessEnd(number, null);
            case "signal" -> new ProcessEnd(null, number);
            default -> ProcessEnd.UNKNOWN;
        };
    }

    private Future<ProcessEnd> await(VmmProcess process, Map<VmmProcess, Promise<ProcessEnd>> waiting) {
        var known = waiting.get(process);
        if (known != null) {
            return known.future();
        }
        Promise<ProcessEnd> end = Promise.promise();
        waiting.put(process, end);
        if (line == null) {
            look();
        } else {
            tell(process);
        }
        return end.future();
    }

    private Set<VmmProcess> waitedFor() {
        var all = new HashSet<>(asked.keySet());
        all.addAll(doomed.keySet());
        return all;
    }

    private void tell(VmmProcess process) {
        var request =
                new ArrayList<>(List.of("watch", Long.toString(process.pid()), Long.toString(process.startTicks())));
        var directory = directories.get(process);
        if (directory != null) {
            request.add(directory.console().toString());
            request.add(directory.vmmLog().toString());
        }
        line.tell(request);
    }

    private void tellIfAwaited(VmmProcess process) {
        if (line != null && (asked.containsKey(process) || doomed.containsKey(process))) {
            tell(process);
        }
    }

    private void end(VmmProcess process, ProcessEnd end) {
        directories.remove(process);
        for (var waiting : List.of(asked, doomed)) {
            var promise = waiting.remove(process);
            if (promise != null) {
                promise.complete(end);
            }
        }
    }

    private void lost() {
        line = null;
        if (waitedFor().isEmpty()) {
            return;
        }
        LOG.atWarn().log("the launcher is gone, looking for another; VMs keep running");
        if (young) {
            lookLater();
        } else {
            look();
        }
    }

    private void look() {
        if (looking || line != null || waitedFor().isEmpty()) {
            return;
        }
        looking = true;
        lines.get().onComplete(found -> looking = false, failure -> {
            looking = false;
            report(failure);
            lookLater();
        });
    }

    private void lookLater() {
        vertx.setTimer(RETRY_DELAY_MS, due -> look());
    }

    /** Once, however long it lasts: what is asked of a launcher meanwhile fails by itself. */
    private void report(Throwable failure) {
        if (!failing) {
            LOG.atError().setCause(failure).log("no launcher can be found: ends of VMs go unnoticed, trying on");
        }
        failing = true;
    }
}
