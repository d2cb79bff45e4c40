package dev.vmplane.reconcile;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/** When to look at which key again: one time per key, the earliest that was asked for. */
final class Wakes {
    private final Map<Key, Plan.Wake> byKey = new HashMap<>();
    private final TreeSet<Plan.Wake> byTime = new TreeSet<>(
            Comparator.comparing(Plan.Wake::at).thenComparing(wake -> wake.key().toString()));

    void add(Plan.Wake wake) {
        var known = byKey.get(wake.key());
        if (known != null && !wake.at().isBefore(known.at())) {
            return;
        }
        if (known != null) {
            byTime.remove(known);
        }
        byKey.put(wake.key(), wake);
        byTime.add(wake);
    }

    Optional<Instant> next() {
        return byTime.isEmpty() ? Optional.empty() : Optional.of(byTime.first().at());
    }

    /** Takes out every key whose time has come. */
    List<Key> due(Instant now) {
        var due = new ArrayList<Key>();
        while (!byTime.isEmpty() && !byTime.first().at().isAfter(now)) {
            var wake = byTime.pollFirst();
            byKey.remove(wake.key());
            due.add(wake.key());
        }
        return due;
    }
}
