package dev.vmplane.hypervisor.firecracker;

/**
 * Whether Firecracker's processes are jailed.
 *
 * @param why a sentence for the log
 * @param doubtful true when somebody should read it
 */
public record JailerChoice(boolean jailed, String why, boolean doubtful) {
    public static final String JAILER_PROGRAM = "jailer";

    /** What the operator asks for. */
    public enum Use {
        /** A jail where this host allows one. */
        AUTO,
        ALWAYS,
        NEVER
    }

    /**
     * Decides.
     *
     * @param installed whether the jailer was found on this host
     * @param root whether this process may change its root directory and its user
     * @throws IllegalArgumentException if what must be cannot be; says what to do
     */
    public static JailerChoice choose(Use use, boolean installed, boolean root) {
        var missing = !root
                ? "it needs root; run the control plane as root"
                : "there is no " + JAILER_PROGRAM + " on the PATH; install the one of Firecracker's release beside it";
        var possible = root && installed;
        return switch (use) {
            case NEVER -> new JailerChoice(false, "jailer.use says never", false);
            case AUTO ->
                possible
                        ? new JailerChoice(true, "the jailer is installed and this is root", false)
                        : new JailerChoice(false, "no jailer: " + missing, true);
            case ALWAYS -> {
                if (!possible) {
                    throw new IllegalArgumentException("jailer.use cannot be always: " + missing);
                }
                yield new JailerChoice(true, "jailer.use says always", false);
            }
        };
    }
}
