package dev.vmplane.store;

import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.WarmPool;
import java.util.EnumMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;

/** All that shares one spec hash. */
final class HashGroup {
    final NavigableMap<String, DesiredVm> jobs = new TreeMap<>();
    /** How many jobs ask for each min and each max; the largest key is what holds. */
    private final NavigableMap<Integer, Integer> mins = new TreeMap<>();

    private final NavigableMap<Integer, Integer> maxes = new TreeMap<>();
    /** How many of those that want VMs want them so. */
    private final Map<WarmPool.Mode, Integer> modes = new EnumMap<>(WarmPool.Mode.class);

    final NavigableMap<MicroVm, MicroVm> unowned = new TreeMap<>(Ledger.BY_AGE);

    boolean isEmpty() {
        return jobs.isEmpty() && unowned.isEmpty();
    }

    WarmPool bounds() {
        return jobs.isEmpty() ? WarmPool.NONE : new WarmPool(mins.lastKey(), maxes.lastKey(), mode());
    }

    private WarmPool.Mode mode() {
        return modes.keySet().equals(Set.of(WarmPool.Mode.PAUSED)) ? WarmPool.Mode.PAUSED : WarmPool.Mode.RUNNING;
    }

    void count(WarmPool bounds, int change) {
        count(mins, bounds.min(), change);
        count(maxes, bounds.max(), change);
        if (bounds.max() > 0) {
            count(modes, bounds.mode(), change);
        }
    }

    private static <K> void count(Map<K, Integer> wishes, K wish, int change) {
        wishes.merge(wish, change, (old, by) -> old + by == 0 ? null : Integer.valueOf(old + by));
    }
}
