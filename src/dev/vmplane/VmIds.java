package dev.vmplane;

import java.security.SecureRandom;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** Ids of microVMs: {@code vm-} and ten of 32 letters and digits, 50 random bits, so that no two ever meet. */
final class VmIds implements Supplier<String> {
    /** Without the letters that are read as something else. */
    private static final String ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789";

    private static final int LENGTH = 10;

    private final SecureRandom random = new SecureRandom();

    @Override
    public String get() {
        return random.ints(LENGTH, 0, ALPHABET.length())
                .mapToObj(index -> String.valueOf(ALPHABET.charAt(index)))
                .collect(Collectors.joining("", "vm-", ""));
    }
}
