package dev.vmplane.hypervisor.simulator;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;

/** The last ends of simulated processes in the order they came, numbered from 1, for watchers that come back. */
final class EndLog {
    private final int capacity;
    private final ArrayDeque<Long> ended = new ArrayDeque<>();
    private long last;

    EndLog(int capacity) {
        this.capacity = capacity;
    }

    void add(long process) {
        last++;
        ended.addLast(process);
        if (ended.size() > capacity) {
            ended.removeFirst();
        }
    }

    /** How many there have been. */
    long last() {
        return last;
    }

    /** What ended after the first {@code seen} ends, or nothing when the log does not reach back that far. */
    Optional<List<Long>> since(long seen) {
        if (seen > last || last - seen > ended.size()) {
            return Optional.empty();
        }
        return Optional.of(ended.stream().skip(ended.size() - (last - seen)).toList());
    }
}
