package dev.vmplane.api;

import dev.vmplane.model.JobView;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Retry;
import java.time.Instant;
import java.util.Comparator;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * What can be said of a whole job in one word, and why. Each replica is looked at by itself; the job is in the state of
 * the one that is furthest from what was asked for. Only microVMs of the job's present spec count, so a job whose new
 * version still boots is not called running because its old one is.
 *
 * @param ready replicas that run and pass their check
 * @param reason why it does not move, or null while it does
 * @param since when the replica that decides came to be as it is
 * @param nextTry when a failed replica is tried again, or null
 */
public record JobStatus(State state, int ready, int replicas, Reason reason, Instant since, Instant nextTry) {

    /** From what was asked for to what needs a person, in this order. */
    public enum State {
        /** The program came to a good end and is not started again. */
        SUCCEEDED,
        RUNNING,
        STARTING,
        /** It runs and does not pass its check. */
        UNHEALTHY,
        /** Something must happen first; the reason says what. */
        WAITING,
        /** Ended, and not tried again. */
        FAILED,
        /** Nothing is wanted any more, and something is still there. */
        DRAINING,
        /** Nothing is wanted, and nothing is there. */
        STOPPED;

        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** Whether waiting longer changes nothing. */
        boolean settled() {
            return switch (this) {
                case SUCCEEDED, RUNNING, FAILED, STOPPED -> true;
                case STARTING, UNHEALTHY, WAITING, DRAINING -> false;
            };
        }
    }

    /** Rows do not say so: it rarely lasts, and is what a row waits for that has all else. */
    private static final Reason ITS_TURN =
            new Reason(ReasonCode.NO_BOOT_SLOT, "waits for its turn until this host may boot one more");

    private static final Comparator<Place> BY_STATE = Comparator.comparing(Place::state);

    public static JobStatus of(JobView view, Instant now) {
        var replicas = view.job().spec().replicas();
        if (replicas == 0) {
            return unwanted(view);
        }
        var places = IntStream.range(0, replicas)
                .mapToObj(replica -> place(view, replica, now))
                .toList();
        var worst = places.stream().max(BY_STATE).orElseThrow();
        var ready = (int)
                places.stream().filter(place -> place.state == State.RUNNING).count();
        return new JobStatus(worst.state, ready, replicas, worst.reason, worst.since, worst.nextTry);
    }

    /** The status of a job that nobody wants any more, or of which nobody wants a replica. */
    static JobStatus unwanted(JobView view) {
        var left = view.instances().stream().anyMatch(vm -> !vm.phase().ended());
        var state = left ? State.DRAINING : State.STOPPED;
        return new JobStatus(state, 0, 0, null, view.job().updatedAt(), null);
    }

    private static Place place(JobView view, int replica, Instant now) {
        return view.instances().stream()
                .filter(vm -> vm.owner().replica() == replica)
                .filter(vm -> vm.specHash().equals(view.job().specHash()))
                .filter(vm -> !vm.phase().leaving())
                .map(JobStatus::filled)
                .min(BY_STATE)
                .orElseGet(() -> empty(view, replica, now));
    }

    private static Place filled(MicroVm vm) {
        var since = vm.state().since();
        return switch (vm.phase()) {
            case RUNNING ->
                vm.serving()
                        ? new Place(State.RUNNING, null, since, null)
                        : new Place(
                                State.UNHEALTHY,
                                new Reason(ReasonCode.UNHEALTHY, "does not pass its health check"),
                                since,
                                null);
            case PENDING ->
                new Place(
                        State.WAITING,
                        vm.state().reason() == null ? ITS_TURN : vm.state().reason(),
                        since,
                        null);
            case STARTING, BOOTING, WARMING, WARM, PAUSED -> new Place(State.STARTING, null, since, null);
            case DRAINING, STOPPING, STOPPED, FAILED ->
                throw new IllegalArgumentException(vm.vmId() + " fills no place: it is " + vm.phase());
        };
    }

    private static Place empty(JobView view, int replica, Instant now) {
        var key = Retry.ofReplica(view.job().jobId(), replica);
        var retry = view.retries().stream()
                .filter(known -> known.key().equals(key))
                .filter(known -> known.specHash().equals(view.job().specHash()))
                .findFirst();
        if (retry.isEmpty()) {
            return new Place(State.STARTING, null, view.job().updatedAt(), null);
        }
        var known = retry.get();
        if (known.nextTry() == null) {
            var good = known.reason().code() == ReasonCode.FINISHED;
            return new Place(good ? State.SUCCEEDED : State.FAILED, known.reason(), known.since(), null);
        }
        return known.nextTry().isAfter(now)
                ? new Place(State.WAITING, known.reason(), known.since(), known.nextTry())
                : new Place(State.STARTING, null, known.nextTry(), null);
    }

    /** How one replica stands. */
    private record Place(State state, Reason reason, Instant since, Instant nextTry) {}
}
