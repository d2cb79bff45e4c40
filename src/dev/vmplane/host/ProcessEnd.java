package dev.vmplane.host;

/**
 * How a process ended, as far as anybody saw. At most one of the two is set.
 *
 * @param status what it returned, or null
 * @param signal what killed it, or null
 */
public record ProcessEnd(Integer status, Integer signal) {
    /** Nobody was there to see it: it is gone, that is all. */
    public static final ProcessEnd UNKNOWN = new ProcessEnd(null, null);
}
