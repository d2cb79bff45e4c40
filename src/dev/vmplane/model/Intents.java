package dev.vmplane.model;

import java.util.List;

/**
 * What should become rows: the reconciler wishes, the store commits, and only then does anybody act. Each is checked
 * against the world as it is at that moment and dropped when it no longer fits.
 *
 * @param pause ids of warm VMs whose CPUs shall stop until they are attached
 */
public record Intents(
        List<Place> place, List<Warm> warm, List<Retire> retire, List<String> pause, List<Expire> expire) {

    /** Intents that pause nothing and expire nothing. */
    public Intents(List<Place> place, List<Warm> warm, List<Retire> retire) {
        this(place, warm, retire, List.of(), List.of());
    }

    /** Fill a replica of a job: with a warm VM if there is one, else with a row that waits to boot. */
    public record Place(String jobId, int replica, long generation) {}

    /** Add {@code count} rows to the warm pool of a hash, never beyond its max. */
    public record Warm(String specHash, int count) {}

    /** Let a VM go. */
    public record Retire(String vmId, Reason reason) {}

    /** Forget a job that has ended and was remembered for as long as it asked for. */
    public record Expire(String jobId, long generation) {}

    public boolean isEmpty() {
        return place.isEmpty() && warm.isEmpty() && retire.isEmpty() && pause.isEmpty() && expire.isEmpty();
    }
}
