package dev.vmplane.ingress;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** One job as the load balancer sees it: the backends that serve it right now, and the choice among them. */
final class Route {
    private final String jobId;
    private final AtomicInteger turn = new AtomicInteger();
    private volatile List<Backend> backends = List.of();

    Route(String jobId) {
        this.jobId = jobId;
    }

    String jobId() {
        return jobId;
    }

    List<Backend> backends() {
        return backends;
    }

    /** Serves from {@code next} on; a backend that is not among them gets nothing new from here on. */
    void serveFrom(List<Backend> next) {
        next.forEach(backend -> backend.route(true));
        var before = backends;
        backends = next;
        before.stream().filter(backend -> !next.contains(backend)).forEach(backend -> backend.route(false));
    }

    /**
     * Takes the backend with the fewest requests under way; equal ones take turns.
     *
     * @param avoided one that just failed, taken only if there is no other; or null
     */
    Optional<Lease> take(Backend avoided) {
        var now = backends;
        // Whoever loses the race with a route being taken away looks again; one look per backend bounds the loop.
        for (var look = 0; look <= now.size(); look++) {
            var best = fewest(now, avoided);
            if (best == null) {
                return Optional.empty();
            }
            if (best.begin()) {
                return Optional.of(new Lease(best));
            }
            now = backends;
        }
        return Optional.empty();
    }

    private Backend fewest(List<Backend> all, Backend avoided) {
        if (all.isEmpty()) {
            return null;
        }
        var start = Math.floorMod(turn.getAndIncrement(), all.size());
        Backend best = null;
        for (var i = 0; i < all.size(); i++) {
            var candidate = all.get((start + i) % all.size());
            if (candidate != avoided && (best == null || candidate.outstanding() < best.outstanding())) {
                best = candidate;
            }
        }
        return best == null ? avoided : best;
    }
}
