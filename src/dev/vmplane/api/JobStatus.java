package dev.vmplane.api;

import dev.vmplane.model.GuestExit;
import dev.vmplane.model.Image;
import dev.vmplane.model.JobView;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Retry;
import java.time.Instant;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What can be said of a whole job in one word, and why. Each replica is looked at by itself; the job is in the state of
 * the one that is furthest from what was asked for. Only microVMs of the job's present spec, and since its last restart, count, so a job whose new
 * version still boots is not called running because its old one is.
 *
 * @param ready replicas that run and pass their check
 * @param reason why it does not move, or null while it does
 * @param since when the replica that decides came to be as it is
 * @param nextTry when a failed replica is tried again, or its image fetched again, or null
 * @param attempts lives in a row of the replica that decides, the present one included
 * @param exit how the program of its last life that has ended did, or null when that is not known
 * @param image what is waited for, or null
 */
public record JobStatus(
        State state,
        int ready,
        int replicas,
        Reason reason,
        Instant since,
        Instant nextTry,
        int attempts,
        GuestExit exit,
        Image image) {

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
        var replicas = view.job().replicas();
        if (replicas == 0) {
            return unwanted(view);
        }
        var places = IntStream.range(0, replicas)
                .mapToObj(replica -> place(view, replica, now))
                .toList();
        var worst = places.stream().max(BY_STATE).orElseThrow();
        var ready = (int)
                places.stream().filter(place -> place.state == State.RUNNING).count();
        return new JobStatus(
                worst.state,
                ready,
                replicas,
                worst.reason,
                worst.since,
                worst.nextTry,
                attempts(view, worst),
                exit(view, worst.replica),
                worst.image);
    }

    /** The status of a job that nobody wants any more, or of which nobody wants a replica. */
    static JobStatus unwanted(JobView view) {
        var left = view.instances().stream().anyMatch(vm -> !vm.phase().ended());
        var state = left ? State.DRAINING : State.STOPPED;
        return new JobStatus(state, 0, 0, null, view.job().updatedAt(), null, 0, null, null);
    }

    private static Place place(JobView view, int replica, Instant now) {
        return lives(view, replica)
                .filter(vm -> !vm.phase().leaving())
                .map(vm -> filled(vm, replica))
                .min(BY_STATE)
                .orElseGet(() -> empty(view, replica, now));
    }

    /** VMs that the job wants as they are, ended ones included. */
    private static Stream<MicroVm> lives(JobView view, int replica) {
        return view.instances().stream()
                .filter(vm -> vm.owner().replica() == replica)
                .filter(view.job()::fits);
    }

    private static Place filled(MicroVm vm, int replica) {
        var since = vm.state().since();
        return switch (vm.phase()) {
            case RUNNING ->
                vm.serving()
                        ? new Place(replica, State.RUNNING, null, since)
                        : new Place(
                                replica,
                                State.UNHEALTHY,
                                new Reason(ReasonCode.UNHEALTHY, "does not pass its health check"),
                                since);
            case PENDING ->
                new Place(
                        replica,
                        State.WAITING,
                        vm.state().reason() == null ? ITS_TURN : vm.state().reason(),
                        since);
            case STARTING, BOOTING, WARMING, WARM, PAUSED -> new Place(replica, State.STARTING, null, since);
            case DRAINING, STOPPING, STOPPED, FAILED ->
                throw new IllegalArgumentException(vm.vmId() + " fills no place: it is " + vm.phase());
        };
    }

    private static Place empty(JobView view, int replica, Instant now) {
        var retry = retry(view, replica);
        if (retry.isEmpty()) {
            return due(view, replica, view.job().updatedAt());
        }
        var known = retry.get();
        if (known.nextTry() == null) {
            var good = known.reason().code() == ReasonCode.FINISHED;
            return new Place(replica, good ? State.SUCCEEDED : State.FAILED, known.reason(), known.since());
        }
        return known.nextTry().isAfter(now)
                ? new Place(replica, State.WAITING, known.reason(), known.since(), known.nextTry(), null)
                : due(view, replica, known.nextTry());
    }

    /** Nothing stands in the way of a VM, unless its image is not here, or another has one of its volumes. */
    private static Place due(JobView view, int replica, Instant since) {
        var awaited = view.imageAwaited();
        if (awaited.isPresent()) {
            var image = view.image();
            return new Place(
                    replica, State.WAITING, awaited.get(), since, image == null ? null : image.nextTry(), image);
        }
        return view.volumeBusy()
                .map(busy -> new Place(replica, State.WAITING, busy, since))
                .orElseGet(() -> new Place(replica, State.STARTING, null, since));
    }

    private static Optional<Retry> retry(JobView view, int replica) {
        var key = Retry.ofReplica(view.job().jobId(), replica);
        return view.retries().stream()
                .filter(known -> known.key().equals(key))
                .filter(known -> known.specHash().equals(view.job().specHash()))
                .findFirst();
    }

    private static int attempts(JobView view, Place place) {
        var ended = retry(view, place.replica).map(Retry::failures).orElse(0);
        var present = lives(view, place.replica).anyMatch(vm -> !vm.phase().leaving() && vm.phase() != Phase.PENDING);
        return present ? ended + 1 : ended;
    }

    private static GuestExit exit(JobView view, int replica) {
        return lives(view, replica)
                .filter(vm -> vm.phase().ended())
                .max(Comparator.comparing(MicroVm::createdAt))
                .map(vm -> vm.state().exit())
                .filter(exit -> !exit.equals(GuestExit.UNKNOWN))
                .orElse(null);
    }

    /** How one replica stands. */
    private record Place(int replica, State state, Reason reason, Instant since, Instant nextTry, Image image) {
        private Place(int replica, State state, Reason reason, Instant since) {
            this(replica, state, reason, since, null, null);
        }
    }
}
