package dev.vmplane.hypervisor.contract;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** What came of every fact for every driver; written down as a table when the last test has run. */
final class ContractResults implements AutoCloseable {
    private static final Path FILE = Path.of("target", "contract.txt");

    private final Map<String, Map<String, Cell>> columns = new TreeMap<>();
    private final Map<String, String> versions = new LinkedHashMap<>();
    private final Map<String, String> leftOut = new TreeMap<>();

    /** What can come of a fact. */
    enum Outcome {
        HOLDS("ok"),
        /** It cannot be had from this driver on this host; the reason is given below the table. */
        NOT_HERE("n/a"),
        BROKEN("FAILED");

        private final String mark;

        Outcome(String mark) {
            this.mark = mark;
        }
    }

    private record Cell(Outcome outcome, String why) {}

    synchronized void version(String subject, String version) {
        versions.put(subject, version);
    }

    synchronized void leaveOut(String subject, String why) {
        leftOut.put(subject, why);
    }

    synchronized void note(String fact, String subject, Outcome outcome, String why) {
        columns.computeIfAbsent(subject, first -> new TreeMap<>()).put(fact, new Cell(outcome, why));
    }

    @Override
    public synchronized void close() throws IOException {
        if (!columns.isEmpty() || !leftOut.isEmpty()) {
            Files.createDirectories(FILE.getParent());
            Files.write(FILE, lines());
            System.out.println("contract of the hypervisors: " + String.join("; ", sums()) + " (" + FILE + ")");
        }
    }

    private List<String> sums() {
        var sums = new ArrayList<String>();
        columns.forEach((subject, facts) -> {
            var sum = new StringBuilder(subject);
            for (var outcome : Outcome.values()) {
                var count = facts.values().stream()
                        .filter(cell -> cell.outcome() == outcome)
                        .count();
                if (count > 0) {
                    sum.append(' ').append(count).append(' ').append(outcome.mark);
                }
            }
            sums.add(sum.toString());
        });
        leftOut.forEach((subject, why) -> sums.add(subject + " left out: " + why));
        return sums;
    }

    private List<String> lines() {
        var lines = new ArrayList<String>();
        columns.keySet().forEach(subject -> lines.add("%-24s %s".formatted(subject, versions.get(subject))));
        leftOut.forEach((subject, why) -> lines.add("%-24s left out: %s".formatted(subject, why)));
        lines.add("");
        lines.addAll(table());
        lines.add("");
        columns.forEach((subject, facts) -> facts.forEach((fact, cell) -> {
            if (cell.outcome() != Outcome.HOLDS) {
                lines.add("%s %s, %s: %s".formatted(cell.outcome().mark, subject, fact, cell.why()));
            }
        }));
        return lines;
    }

    private List<String> table() {
        Set<String> facts = new TreeSet<>();
        columns.values().forEach(column -> facts.addAll(column.keySet()));
        var width = facts.stream().mapToInt(String::length).max().orElse(0);
        var lines = new ArrayList<String>();
        lines.add(row("", width, List.copyOf(columns.keySet())));
        for (var fact : facts) {
            var marks = columns.values().stream()
                    .map(column -> column.containsKey(fact) ? column.get(fact).outcome().mark : "")
                    .toList();
            lines.add(row(fact, width, marks));
        }
        return lines;
    }

    private String row(String fact, int width, List<String> marks) {
        var row = new StringBuilder(fact).append(" ".repeat(width - fact.length()));
        var subjects = columns.keySet().iterator();
        for (var mark : marks) {
            row.append("  ").append(mark).append(" ".repeat(subjects.next().length() - mark.length()));
        }
        return row.toString().stripTrailing();
    }
}
