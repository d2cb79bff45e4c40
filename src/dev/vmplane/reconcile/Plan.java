package dev.vmplane.reconcile;

import dev.vmplane.model.Intents;
import dev.vmplane.model.Reason;
import java.time.Instant;
import java.util.List;

/**
 * What one pass over some keys came to.
 *
 * @param wake keys to look at again at a certain time, because what is true of them then is not true yet
 * @param held removals the brake holds back until somebody asks for them in words
 */
public record Plan(Intents intents, List<Waiting> waiting, List<Wake> wake, List<Intents.Retire> held) {

    /** A place that is not filled, and why. */
    public record Waiting(String jobId, int replica, Reason reason) {}

    /** A key and when to look at it. */
    record Wake(Key key, Instant at) {}
}
