package dev.vmplane.feed;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** How long the place of a warm VM that was claimed stays empty: the next one that gets warm fills the oldest gap. */
final class Refills {
    private static final int MAX_HASHES = 1000;
    private static final int MAX_GAPS = 100;

    /** A pool may not want what was taken back: then nothing fills the gap, and what comes much later did not mean to. */
    private static final Duration FORGOTTEN_AFTER = Duration.ofHours(1);

    private final Map<String, Deque<Instant>> gaps = new LinkedHashMap<>();

    /** A warm VM was claimed. */
    void taken(String specHash, Instant at) {
        var open = gaps.computeIfAbsent(specHash, first -> new ArrayDeque<>());
        open.add(at);
        if (open.size() > MAX_GAPS) {
            open.remove();
        }
        if (gaps.size() > MAX_HASHES) {
            forgetOldest();
        }
    }

    /** A VM has become warm; answers how long its place was empty, if it was. */
    Optional<Duration> filled(String specHash, Instant at) {
        var open = gaps.getOrDefault(specHash, new ArrayDeque<>());
        var gap = open.poll();
        while (gap != null && gap.plus(FORGOTTEN_AFTER).isBefore(at)) {
            gap = open.poll();
        }
        if (open.isEmpty()) {
            gaps.remove(specHash);
        }
        return Optional.ofNullable(gap).map(since -> Duration.between(since, at));
    }

    private void forgetOldest() {
        Iterator<String> oldest = gaps.keySet().iterator();
        oldest.next();
        oldest.remove();
    }
}
