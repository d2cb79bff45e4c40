package dev.vmplane.cli;

/**
 * How much of an image has been fetched.
 *
 * @param bytes of the compressed layers, {@code of} in all; 0 while that is not known
 * @param layers complete ones, {@code ofLayers} in all
 */
record PullProgress(long bytes, long of, long layers, long ofLayers) {
    private static final int BAR = 30;
    private static final int PERCENT = 100;

    /** All is here, and what remains is to make a root file system of it. */
    boolean fetched() {
        return of > 0 && bytes >= of;
    }

    /** From 0 to 100. */
    int percent() {
        return of <= 0 ? 0 : (int) (PERCENT * Math.max(0, Math.min(bytes, of)) / of);
    }

    /** {@code [=====>    ]  45%  25.3 MiB of 56.0 MiB, 3 of 7 layers}. */
    String bar() {
        var full = BAR * percent() / PERCENT;
        var head = full < BAR ? ">" : "";
        return "[" + "=".repeat(full) + head + " ".repeat(BAR - full - head.length()) + "] " + text();
    }

    String text() {
        if (of <= 0) {
            return "asking for its layers";
        }
        if (fetched()) {
            return "unpacking " + ByteSize.shown(of);
        }
        return String.format("%3d%%  ", percent()) + ByteSize.shown(bytes) + " of " + ByteSize.shown(of) + ", " + layers
                + " of " + ofLayers + " layers";
    }
}
