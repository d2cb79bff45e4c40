package dev.vmplane.host.network;

import dev.vmplane.host.HostException;
import dev.vmplane.model.ReasonCode;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;

/**
 * Lets what many ask for at once be done by one run of a program. Runs never overlap, so all that comes while one is under
 * way shares the next, up to a limit. Each who asked hears of its own.
 */
final class Batches<Q> {
    /** Lines for this many VMs are a few milliseconds of work, and a failure among them is soon found. */
    private static final int MAX_BATCH = 256;

    private static final int MAX_WAITING = 20_000;

    private final Vertx vertx;
    private final WorkerExecutor worker;
    private final Run<Q> run;
    private final Map<Q, List<Promise<Void>>> waiting = new LinkedHashMap<>();
    private boolean running;

    Batches(Vertx vertx, WorkerExecutor worker, Run<Q> run) {
        this.vertx = vertx;
        this.worker = worker;
        this.run = run;
    }

    /** Does all that is asked, on a thread that may block. Answers what could not be done; throws when nothing could. */
    @FunctionalInterface
    interface Run<Q> {
        Map<Q, HostException> of(List<Q> asked) throws Exception;
    }

    /** Completes, on the context of whoever asks, when it is done. The same asked twice is done once for both. */
    Future<Void> add(Q asked) {
        Promise<Void> done = Promise.promise();
        synchronized (this) {
            if (waiting.size() >= MAX_WAITING) {
                return Future.failedFuture(new HostException(
                        ReasonCode.NETWORK_FAILED, "the network cannot change: too much waits for it already", null));
            }
            waiting.computeIfAbsent(asked, first -> new ArrayList<>()).add(done);
        }
        runNext();
        var caller = vertx.getOrCreateContext();
        Promise<Void> told = Promise.promise();
        done.future().onComplete(result -> caller.runOnContext(ignored -> told.handle(result)));
        return told.future();
    }

    private void runNext() {
        var batch = take();
        if (batch.isEmpty()) {
            return;
        }
        start(List.copyOf(batch.keySet()))
                .onComplete(
                        failures -> batch.forEach((asked, promises) -> {
                            var failure = failures.get(asked);
                            promises.forEach(failure == null ? Promise::complete : promise -> promise.fail(failure));
                        }),
                        cause -> batch.values().forEach(promises -> promises.forEach(promise -> promise.fail(cause))))
                .onComplete(done -> {
                    synchronized (this) {
                        running = false;
                    }
                    runNext();
                });
    }

    private Future<Map<Q, HostException>> start(List<Q> asked) {
        try {
            return worker.executeBlocking(() -> run.of(asked), false);
        } catch (RejectedExecutionException closed) {
            return Future.failedFuture(closed);
        }
    }

    private synchronized Map<Q, List<Promise<Void>>> take() {
        Map<Q, List<Promise<Void>>> batch = new LinkedHashMap<>();
        if (running) {
            return batch;
        }
        for (var entries = waiting.entrySet().iterator(); entries.hasNext() && batch.size() < MAX_BATCH; ) {
            var entry = entries.next();
            batch.put(entry.getKey(), entry.getValue());
            entries.remove();
        }
        running = !batch.isEmpty();
        return batch;
    }
}
