package dev.vmplane.model;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Guesses which known name somebody meant who wrote an unknown one. */
public final class Nearest {
    /** Longer names are no slips of the pen, and comparing costs the product of two lengths. */
    private static final int MAX_LENGTH = 64;

    private static final int MAX_DISTANCE = 4;

    private Nearest() {}

    /** The known name that takes the fewest changed letters, if half of the letters or more may stay. */
    public static Optional<String> to(String written, Collection<String> known) {
        if (written.length() > MAX_LENGTH) {
            return Optional.empty();
        }
        var limit = Math.min(MAX_DISTANCE, Math.max(1, written.length() / 2));
        return known.stream()
                .filter(name -> distance(written, name) <= limit)
                .min(Comparator.comparingInt(name -> distance(written, name)));
    }

    /** Letters to insert, delete or replace to get from one name to the other (Levenshtein's distance). */
    private static int distance(String from, String to) {
        var above = new int[to.length() + 1];
        for (int column = 0; column <= to.length(); column++) {
            above[column] = column;
        }
        for (int row = 1; row <= from.length(); row++) {
            var current = new int[to.length() + 1];
            current[0] = row;
            for (int column = 1; column <= to.length(); column++) {
                int replaced = above[column - 1] + (from.charAt(row - 1) == to.charAt(column - 1) ? 0 : 1);
                current[column] = Math.min(replaced, 1 + Math.min(above[column], current[column - 1]));
            }
            above = current;
        }
        return above[to.length()];
    }
}
