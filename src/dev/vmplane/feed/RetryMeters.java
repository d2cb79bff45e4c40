package dev.vmplane.feed;

import dev.vmplane.model.Changes;
import dev.vmplane.model.Retry;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** What is remembered of failures in a row: how often something got another attempt, and how much of it goes in circles. */
final class RetryMeters {
    /** So many failures in a row are no accident. */
    private static final int LOOP = 3;

    private static final String POOL = "pool/";

    private final Map<String, Retry> retries = new HashMap<>();
    private final AtomicInteger looping = new AtomicInteger();
    private final Counter replicas;
    private final Counter pools;

    RetryMeters(MeterRegistry registry) {
        replicas = restarts(registry, "replica");
        pools = restarts(registry, "pool");
        Gauge.builder("vmplane.crash.loops", looping, AtomicInteger::get)
                .description("replicas and pools whose microVMs failed " + LOOP + " times or more in a row")
                .register(registry);
    }

    private static Counter restarts(MeterRegistry registry, String of) {
        return Counter.builder("vmplane.restarts")
                .description("microVMs that ended without being asked to and are to have a successor")
                .tag("of", of)
                .register(registry);
    }

    /** What was remembered before anything was counted. */
    void place(Retry retry) {
        put(retry);
    }

    void count(Changes changes) {
        for (var retry : changes.retries()) {
            var before = put(retry);
            if (retry.nextTry() != null && !sameFailures(before, retry)) {
                (retry.key().startsWith(POOL) ? pools : replicas).increment();
            }
        }
        changes.retriesGone().forEach(key -> leave(retries.remove(key)));
    }

    /** An attempt can be brought forward without another failure. */
    private static boolean sameFailures(Retry before, Retry after) {
        return before != null
                && before.specHash().equals(after.specHash())
                && before.failures() == after.failures()
                && before.since().equals(after.since());
    }

    private Retry put(Retry retry) {
        var before = retries.put(retry.key(), retry);
        leave(before);
        if (loops(retry)) {
            looping.incrementAndGet();
        }
        return before;
    }

    private void leave(Retry before) {
        if (before != null && loops(before)) {
            looping.decrementAndGet();
        }
    }

    private static boolean loops(Retry retry) {
        return retry.nextTry() != null && retry.failures() >= LOOP;
    }
}
