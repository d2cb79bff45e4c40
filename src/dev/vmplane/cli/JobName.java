package dev.vmplane.cli;

import java.util.Locale;
import java.util.Random;

/** Ids for jobs that nobody gave one: the image's name, so that lists are easily read, and five random characters. */
final class JobName {
    private static final String ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789";
    private static final int RANDOM_LENGTH = 5;
    private static final int MAX_LENGTH = 40;

    private JobName() {}

    /** {@code nginx-k3v9x} for {@code docker.io/library/nginx:1.27}. */
    static String of(String image, Random random) {
        var name = new StringBuilder(base(image)).append('-');
        for (int n = 0; n < RANDOM_LENGTH; n++) {
            name.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
        }
        return name.toString();
    }

    private static String base(String image) {
        var withoutDigest = image.replaceFirst("@.*", "");
        var last = withoutDigest.substring(withoutDigest.lastIndexOf('/') + 1);
        var base = last.replaceFirst(":.*", "").toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-");
        var cut = base.substring(0, Math.min(MAX_LENGTH, base.length())).replaceAll("^-+|-+$", "");
        return cut.isEmpty() ? "vm" : cut;
    }
}
