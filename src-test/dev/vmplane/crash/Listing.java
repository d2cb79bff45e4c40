package dev.vmplane.crash;

import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Everything a host holds for VMs, by kind: once as its rows say it must be, once as it is. */
final class Listing {
    private final Map<String, SortedSet<String>> kinds = new TreeMap<>();

    /** Adds an entry; the second of its name is an entry too. */
    void add(String kind, String entry) {
        var entries = kinds.computeIfAbsent(kind, first -> new TreeSet<>());
        for (var name = entry; !entries.add(name); name = name + " once more") {}
    }

    SortedSet<String> of(String kind) {
        return kinds.getOrDefault(kind, new TreeSet<>());
    }

    /** What one of the two has and the other has not; empty when they are equal. */
    String difference(Listing expected) {
        return Stream.concat(kinds.keySet().stream(), expected.kinds.keySet().stream())
                .distinct()
                .sorted()
                .flatMap(kind -> Stream.concat(
                        lines("left over", kind, minus(of(kind), expected.of(kind))),
                        lines("missing", kind, minus(expected.of(kind), of(kind)))))
                .collect(Collectors.joining("\n"));
    }

    private static SortedSet<String> minus(SortedSet<String> all, SortedSet<String> some) {
        var rest = new TreeSet<>(all);
        rest.removeAll(some);
        return rest;
    }

    private static Stream<String> lines(String what, String kind, SortedSet<String> entries) {
        return entries.stream().map(entry -> what + ": " + kind + ": " + entry);
    }

    boolean isEmpty() {
        return kinds.isEmpty();
    }

    @Override
    public String toString() {
        return kinds.toString();
    }
}
