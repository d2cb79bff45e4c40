package dev.vmplane.cli;

import java.util.Locale;
import java.util.regex.Pattern;

/** Amounts of memory and disk as people write them: {@code 512m}, {@code 2g}, {@code 1.5GiB}; units are powers of 1024. */
final class ByteSize {
    static final long MIB = 1 << 20;

    private static final Pattern WRITTEN = Pattern.compile("([0-9]{1,12}(?:\\.[0-9]{1,3})?)([bkmgt]?)(?:i?b)?");
    private static final String UNITS = "bkmgt";
    private static final int STEP = 1024;

    private ByteSize() {}

    /**
     * Whole MiB in {@code written}.
     *
     * @param subject what the amount is for, as in {@code --memory}
     */
    static int mebibytes(String subject, String written) {
        var match = WRITTEN.matcher(written.toLowerCase(Locale.ROOT));
        if (match.matches()) {
            var unit = match.group(2).isEmpty() ? 0 : UNITS.indexOf(match.group(2));
            var bytes = Double.parseDouble(match.group(1)) * Math.pow(STEP, unit);
            var mebibytes = bytes / MIB;
            if (mebibytes >= 1 && mebibytes <= Integer.MAX_VALUE && mebibytes == Math.rint(mebibytes)) {
                return (int) mebibytes;
            }
        }
        throw new CommandException(subject + " cannot be '" + written + "': an amount of whole MiB such as 512m or 2g");
    }

    /** To two or three digits, as in {@code 56.1 MiB}. */
    static String shown(long bytes) {
        if (bytes < STEP) {
            return bytes + " B";
        }
        double amount = bytes;
        int unit = 0;
        while (amount >= STEP && unit < UNITS.length() - 1) {
            amount /= STEP;
            unit++;
        }
        var digits = amount < 100 ? "%.1f %siB" : "%.0f %siB";
        return String.format(
                Locale.ROOT, digits, amount, UNITS.toUpperCase(Locale.ROOT).charAt(unit));
    }
}
