package dev.vmplane.store;

import dev.vmplane.model.Once;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The writes that are done and are not to be done again, the oldest first. Their answers are in the database only: there
 * may be many, and few are asked for.
 */
final class DoneBook {
    /** How long a client may send a request again. */
    static final Duration KEPT = Duration.ofHours(24);

    /** More are not remembered: the oldest go. */
    static final int MOST = 4_096;

    private final Map<Once.Id, Done> all = new LinkedHashMap<>();

    /** Null when it was not done, or so long ago that nobody sends it again. */
    Done find(Once.Id id, Instant now) {
        var done = all.get(id);
        return done == null || past(done, now) ? null : done;
    }

    static boolean past(Done done, Instant now) {
        return !done.at().plus(KEPT).isAfter(now);
    }

    int size() {
        return all.size();
    }

    Iterator<Done> oldestFirst() {
        return all.values().iterator();
    }

    boolean anyPast(Instant now) {
        return !all.isEmpty() && past(oldestFirst().next(), now);
    }

    void apply(DoneChanges changes) {
        changes.gone().forEach(all::remove);
        changes.done().forEach(this::put);
        changes.answers().keySet().forEach(id -> all.computeIfPresent(id, (same, done) -> done.asAnswered()));
    }

    private void put(Done done) {
        all.remove(done.once().id());
        all.put(done.once().id(), done);
    }
}
