package dev.vmplane.hypervisor.simulator;

import dev.vmplane.hypervisor.HypervisorException;
import dev.vmplane.hypervisor.UnixHttp;
import dev.vmplane.hypervisor.UnixHttp.Call;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.VmmProcess;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.net.ConnectException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Learns of the ends of simulated processes: one request waits for the next end of any, however many are watched. From
 * the first answer on it knows which of the processes it was told of are alive, so watching one more asks nothing.
 * Everything here happens on one event loop; who asked is told on its own.
 */
final class SimulatorEnds {
    /** Above the 20 s after which the simulator answers that nothing has ended. */
    private static final Duration WATCH_LIMIT = Duration.ofSeconds(30);

    private static final long ASK_AGAIN_MS = 200;

    /** Far more than can end between the start of a process and the first watch of it. */
    private static final int MAX_ENDED_KEPT = 16_384;

    private final Vertx vertx;
    private final UnixHttp http;
    private final Path controlSocket;
    private final Context home;
    private final Map<VmmProcess, Promise<Void>> watched = new HashMap<>();
    private final Set<VmmProcess> live = new HashSet<>();
    private final Set<VmmProcess> ended = new LinkedHashSet<>();
    private boolean asking;

    /** How many ends the simulator had told of; null while {@link #live} is unknown. */
    private Long seen;

    /** The last process that can be in {@link #live}: those with higher numbers were started since. */
    private long newest;

    SimulatorEnds(Vertx vertx, UnixHttp http, Path controlSocket) {
        this.vertx = vertx;
        this.http = http;
        this.controlSocket = controlSocket;
        this.home = vertx.getOrCreateContext();
    }

    /**
     * Whether {@code failure} to reach the simulator proves that it, and so {@code process}, is gone. A refused
     * connection is the kernel's word for it; a missing socket proves nothing by itself, because a file can be removed.
     */
    static boolean simulatorIsGone(Throwable failure, VmmProcess process) {
        if (!UnixHttp.nobodyListens(failure)) {
            return false;
        }
        var refused = failure instanceof HypervisorException && failure.getCause() instanceof ConnectException;
        return refused || ProcessHandle.of(process.pid()).isEmpty();
    }

    /** Completes when the process is gone. */
    Future<Void> of(VmmProcess process) {
        var asker = vertx.getOrCreateContext();
        Promise<Void> told = Promise.promise();
        home.runOnContext(here -> {
            var end = watched.computeIfAbsent(process, added -> watch(added));
            end.future().onSuccess(gone -> asker.runOnContext(there -> told.tryComplete()));
        });
        return told.future();
    }

    void forget(VmmProcess process) {
        home.runOnContext(here -> watched.remove(process));
    }

    private Promise<Void> watch(VmmProcess process) {
        Promise<Void> end = Promise.promise();
        if (!asking) {
            asking = true;
            seen = null;
            vertx.runOnContext(next -> ask());
        } else if (seen != null && gone(process)) {
            vertx.runOnContext(next -> end(process));
        }
        return end;
    }

    private boolean gone(VmmProcess process) {
        return process.startTicks() <= newest ? !live.contains(process) : ended.contains(process);
    }

    private void ask() {
        if (watched.isEmpty()) {
            asking = false;
            return;
        }
        var uri = seen == null ? "/ends" : "/ends?after=" + seen;
        var call = new Call(
                "simulator cannot be watched", ReasonCode.HYPERVISOR_REFUSED, HttpMethod.GET, uri, null, WATCH_LIMIT);
        http.send(controlSocket, call).map(JsonObject::new).onComplete(this::hear, this::hearNothing);
    }

    private void hear(JsonObject news) {
        seen = news.getLong("last");
        if (news.containsKey("ended")) {
            processes(news, "ended").forEach(this::end);
        } else {
            newest = news.getLong("newest");
            live.clear();
            live.addAll(processes(news, "live"));
            ended.clear();
            List.copyOf(watched.keySet()).stream().filter(this::gone).forEach(this::end);
        }
        ask();
    }

    private void hearNothing(Throwable failure) {
        seen = null;
        List.copyOf(watched.keySet()).stream()
                .filter(process -> simulatorIsGone(failure, process))
                .forEach(this::end);
        vertx.setTimer(ASK_AGAIN_MS, again -> ask());
    }

    private void end(VmmProcess process) {
        live.remove(process);
        if (process.startTicks() > newest && ended.add(process) && ended.size() > MAX_ENDED_KEPT) {
            ended.remove(ended.iterator().next());
        }
        var end = watched.remove(process);
        if (end != null) {
            end.complete();
        }
    }

    private static List<VmmProcess> processes(JsonObject news, String key) {
        long pid = news.getLong("pid");
        return news.getJsonArray(key).stream()
                .map(number -> new VmmProcess(pid, ((Number) number).longValue()))
                .toList();
    }
}
