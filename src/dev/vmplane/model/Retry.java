package dev.vmplane.model;

import java.time.Instant;

/**
 * What is remembered of failures in a row, so that the next attempt waits longer. It is data in the world, not a timer:
 * whoever decides reads it and compares with the clock.
 *
 * @param key whose attempts these are, see {@link #ofReplica} and {@link #ofPool}
 * @param specHash what failed; another hash starts afresh
 * @param nextTry null when there will be none: the program is done, or attempts are used up
 * @param since when the first of these failures happened, or, when there will be no further attempt, when the last ended
 */
public record Retry(String key, String specHash, int failures, Instant nextTry, Instant since, Reason reason) {

    /** The same failures, and the next attempt then. */
    public Retry dueAt(Instant next) {
        return new Retry(key, specHash, failures, next, since, reason);
    }

    public static String ofReplica(String jobId, int replica) {
        return "job/" + jobId + "/" + replica;
    }

    public static String ofPool(String specHash) {
        return "pool/" + specHash;
    }
}
