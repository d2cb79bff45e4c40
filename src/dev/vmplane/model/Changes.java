package dev.vmplane.model;

import java.util.List;

/**
 * What one committed transaction changed: records as they are now, and the last value of those that are gone. Whoever
 * applies every {@code Changes} in order has what the store has.
 */
public record Changes(
        List<DesiredVm> jobs,
        List<DesiredVm> jobsGone,
        List<MicroVm> vms,
        List<MicroVm> vmsGone,
        List<Volume> volumes,
        List<Volume> volumesGone,
        List<Image> images,
        List<Image> imagesGone,
        List<Retry> retries,
        List<String> retriesGone,
        List<Event> events) {

    public static final Changes NONE =
            new Changes(List.of(), List.of(), List.of(), List.of(), List.of(), List.of(), List.of());

    /** A change that touches no volume and no image. */
    public Changes(
            List<DesiredVm> jobs,
            List<DesiredVm> jobsGone,
            List<MicroVm> vms,
            List<MicroVm> vmsGone,
            List<Retry> retries,
            List<String> retriesGone,
            List<Event> events) {
        this(jobs, jobsGone, vms, vmsGone, List.of(), List.of(), List.of(), List.of(), retries, retriesGone, events);
    }

    public boolean isEmpty() {
        return events.isEmpty();
    }

    /** The {@code seq} of the last event: how far a follower is that has applied this. */
    public long seq() {
        return events.get(events.size() - 1).seq();
    }
}
