package dev.vmplane.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Rows under headings, each column as wide as its widest cell. */
final class Table {
    private static final String GAP = "   ";

    private final List<List<String>> rows = new ArrayList<>();

    Table(String... headings) {
        row(headings);
    }

    /** A row of as many cells as there are headings; null is an empty one. */
    void row(String... cells) {
        rows.add(Arrays.stream(cells).map(Table::printable).toList());
    }

    String text() {
        var widths = new int[rows.get(0).size()];
        for (var row : rows) {
            for (int column = 0; column < widths.length; column++) {
                widths[column] = Math.max(widths[column], length(row.get(column)));
            }
        }
        var text = new StringBuilder();
        rows.forEach(row -> append(text, row, widths));
        return text.toString();
    }

    private static void append(StringBuilder text, List<String> row, int[] widths) {
        var line = new StringBuilder();
        for (int column = 0; column < widths.length; column++) {
            var cell = row.get(column);
            line.append(cell).append(" ".repeat(widths[column] - length(cell))).append(GAP);
        }
        text.append(line.toString().stripTrailing()).append('\n');
    }

    /** Names and reasons may come from a guest or a registry: none of them may move a terminal's cursor. */
    static String printable(String cell) {
        return cell == null ? "" : cell.replaceAll("\\p{Cntrl}", "?");
    }

    private static int length(String cell) {
        return cell.codePointCount(0, cell.length());
    }
}
