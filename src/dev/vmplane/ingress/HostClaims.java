package dev.vmplane.ingress;

import dev.vmplane.model.DesiredVm;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The host names jobs ask for in their specs. When several want the same one, the oldest job has it, and the next one
 * gets it when that is gone. One thread claims and frees; any thread looks up.
 */
final class HostClaims {
    private static final Comparator<Claim> OLDEST_FIRST =
            Comparator.comparing(Claim::since).thenComparing(Claim::jobId);

    private final Map<String, String> holders = new ConcurrentHashMap<>();
    private final Map<String, NavigableSet<Claim>> claims = new HashMap<>();

    /** The job that has {@code host}, written in lower case, or null. */
    String holder(String host) {
        return holders.get(host);
    }

    void claim(DesiredVm job) {
        var host = job.spec().host();
        if (host != null) {
            claims.computeIfAbsent(host, unclaimed -> new TreeSet<>(OLDEST_FIRST))
                    .add(Claim.of(job));
            settle(host);
        }
    }

    void free(DesiredVm job) {
        var host = job.spec().host();
        if (host != null && claims.containsKey(host)) {
            claims.get(host).remove(Claim.of(job));
            settle(host);
        }
    }

    private void settle(String host) {
        var wanting = claims.get(host);
        if (wanting.isEmpty()) {
            claims.remove(host);
            holders.remove(host);
        } else {
            holders.put(host, wanting.first().jobId());
        }
    }

    private record Claim(Instant since, String jobId) {
        static Claim of(DesiredVm job) {
            return new Claim(job.createdAt(), job.jobId());
        }
    }
}
