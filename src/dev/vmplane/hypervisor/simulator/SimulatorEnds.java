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
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Learns of the ends of simulated processes: one request waits for the next end of any, however many are watched.
 * Everything here happens on one event loop; who asked is told on its own.
 */
final class SimulatorEnds {
    /** Above the 20 s after which the simulator answers that nothing has ended. */
    private static final Duration WATCH_LIMIT = Duration.ofSeconds(30);

    private static final Duration LOOK_LIMIT = Duration.ofSeconds(5);
    private static final long LOOK_AGAIN_MS = 200;

    private final Vertx vertx;
    private final UnixHttp http;
    private final Path controlSocket;
    private final Context home;
    private final Map<VmmProcess, Promise<Void>> watched = new HashMap<>();
    private boolean asking;

    /** How many ends the simulator had told of, or null before its first answer. */
    private Long seen;

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
        if (asking) {
            look(process);
        } else {
            asking = true;
            seen = null;
            vertx.runOnContext(next -> ask());
        }
        return Promise.promise();
    }

    /** It may have ended before it was watched, and the request under way will not tell. */
    private void look(VmmProcess process) {
        http.send(controlSocket, call("/processes/" + process.startTicks(), LOOK_LIMIT))
                .map(JsonObject::new)
                .onComplete(
                        found -> {
                            if (!found.getBoolean("running")) {
                                end(process);
                            }
                        },
                        failure -> lookAgain(process, failure));
    }

    private void lookAgain(VmmProcess process, Throwable failure) {
        if (simulatorIsGone(failure, process)) {
            end(process);
        } else if (watched.containsKey(process)) {
            vertx.setTimer(LOOK_AGAIN_MS, again -> look(process));
        }
    }

    private void ask() {
        if (watched.isEmpty()) {
            asking = false;
            return;
        }
        var call = call(seen == null ? "/ends" : "/ends?after=" + seen, WATCH_LIMIT);
        http.send(controlSocket, call).map(JsonObject::new).onComplete(this::hear, this::hearNothing);
    }

    private void hear(JsonObject news) {
        seen = news.getLong("last");
        long pid = news.getLong("pid");
        if (news.containsKey("ended")) {
            news.getJsonArray("ended").forEach(number -> end(new VmmProcess(pid, ((Number) number).longValue())));
        } else {
            long newest = news.getLong("newest");
            var live = news.getJsonArray("live").stream()
                    .map(number -> new VmmProcess(pid, ((Number) number).longValue()))
                    .collect(Collectors.toSet());
            List.copyOf(watched.keySet()).stream()
                    .filter(process -> process.startTicks() <= newest && !live.contains(process))
                    .forEach(this::end);
        }
        ask();
    }

    private void hearNothing(Throwable failure) {
        seen = null;
        List.copyOf(watched.keySet()).stream()
                .filter(process -> simulatorIsGone(failure, process))
                .forEach(this::end);
        vertx.setTimer(LOOK_AGAIN_MS, again -> ask());
    }

    private void end(VmmProcess process) {
        var end = watched.remove(process);
        if (end != null) {
            end.complete();
        }
    }

    private static Call call(String uri, Duration limit) {
        return new Call("simulator cannot be watched", ReasonCode.HYPERVISOR_REFUSED, HttpMethod.GET, uri, null, limit);
    }
}
