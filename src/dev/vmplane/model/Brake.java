package dev.vmplane.model;

/**
 * Stops a mass removal that nobody wished for in words: a truncated file or a foreign database looks just like a wish to
 * remove everything. A share of the running VMs, but at least a few, may go at once.
 *
 * @param sharePercent of what runs that may be removed at once
 * @param atLeast removals that are always allowed
 */
public record Brake(int sharePercent, int atLeast) {

    public boolean holds(int removals, int running) {
        return removals > Math.max(atLeast, (long) running * sharePercent / 100);
    }
}
