package dev.vmplane.api;

import static dev.vmplane.Samples.HASH;
import static dev.vmplane.Samples.NOW;
import static dev.vmplane.Samples.owner;
import static dev.vmplane.Samples.running;
import static dev.vmplane.Samples.spec;
import static dev.vmplane.Samples.vm;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Pictures;
import dev.vmplane.Samples;
import dev.vmplane.Specs;
import dev.vmplane.api.JobStatus.State;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.GuestExit;
import dev.vmplane.model.Image;
import dev.vmplane.model.JobView;
import dev.vmplane.model.Lifecycle;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Owner;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Retry;
import dev.vmplane.model.VmState;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class JobStatusTest {
    private static final Instant LATER = NOW.plusSeconds(60);
    private static final Reason DIED = new Reason(ReasonCode.VMM_DIED, "the hypervisor is gone");
    private static final Reason DONE = new Reason(ReasonCode.FINISHED, "exited with status 0");

    @ParameterizedTest(name = "{0}")
    @MethodSource("oneReplica")
    void aJobOfOneReplicaIs(State expected, List<MicroVm> instances, List<Retry> retries) {
        var status = JobStatus.of(new JobView(job(Lifecycle.SERVICE, 1), instances, retries), NOW);

        assertThat(status.state()).isEqualTo(expected);
        assertThat(status.ready()).isEqualTo(expected == State.RUNNING ? 1 : 0);
    }

    @Test
    void aStoppedJobIsStoppedOnceNothingOfItIsLeft() {
        var stopped = job(Lifecycle.SERVICE, 2).stopped(NOW);

        assertThat(JobStatus.of(new JobView(stopped, List.of(), List.of()), NOW).state())
                .isEqualTo(State.STOPPED);
        assertThat(JobStatus.of(new JobView(stopped, List.of(replica(0, running())), List.of()), NOW)
                        .state())
                .isEqualTo(State.DRAINING);
    }

    @Test
    void aRestartedJobRunsOnceItsNextVmDoes() {
        var restarted = job(Lifecycle.SERVICE, 1).renewed(NOW);
        var next = vm("vm-next", new Owner("web", "web", 0, 2), running());

        assertThat(JobStatus.of(new JobView(restarted, List.of(replica(0, running())), List.of()), NOW)
                        .state())
                .isEqualTo(State.STARTING);
        assertThat(JobStatus.of(new JobView(restarted, List.of(replica(0, running()), next), List.of()), NOW)
                        .state())
                .isEqualTo(State.RUNNING);
    }

    static Stream<Arguments> oneReplica() {
        var failed = new VmState.Failed(NOW, DIED, GuestExit.UNKNOWN);
        return Stream.of(
                Arguments.of(State.RUNNING, List.of(replica(0, running())), List.of()),
                Arguments.of(State.RUNNING, List.of(replica(0, running()), replica(0, failed)), List.of()),
                Arguments.of(State.UNHEALTHY, List.of(replica(0, running().withHealth(false, NOW))), List.of()),
                Arguments.of(State.STARTING, List.of(), List.of()),
                Arguments.of(State.STARTING, List.of(replica(0, new VmState.Starting(NOW, LATER))), List.of()),
                Arguments.of(State.STARTING, List.of(replica(0, new VmState.Paused(NOW, null))), List.of()),
                Arguments.of(State.STARTING, List.of(replica(0, failed)), List.of(retry(0, NOW, DIED))),
                Arguments.of(State.WAITING, List.of(replica(0, new VmState.Pending(NOW))), List.of()),
                Arguments.of(State.WAITING, List.of(replica(0, failed)), List.of(retry(0, LATER, DIED))),
                Arguments.of(State.FAILED, List.of(replica(0, failed)), List.of(retry(0, null, DIED))),
                Arguments.of(State.SUCCEEDED, List.of(), List.of(retry(0, null, DONE))));
    }

    @Test
    void theWorstReplicaDecidesAndSaysWhy() {
        var view = new JobView(
                job(Lifecycle.SERVICE, 3),
                List.of(replica(0, running()), replica(1, new VmState.Starting(NOW, LATER))),
                List.of(retry(2, LATER, DIED)));

        var status = JobStatus.of(view, NOW);

        assertThat(status).isEqualTo(new JobStatus(State.WAITING, 1, 3, DIED, NOW, LATER, 1, null, null));
    }

    @Test
    void anOldVersionThatRunsDoesNotMakeTheNewOneRun() {
        var old = new MicroVm(
                "vm-old", "node-1", "old-hash", Samples.boot(1), owner("web", 0), running(), "127.64.0.9", NOW, false);
        var view = new JobView(
                job(Lifecycle.SERVICE, 1), List.of(old, replica(0, new VmState.Starting(NOW, LATER))), List.of());

        assertThat(JobStatus.of(view, NOW).state()).isEqualTo(State.STARTING);
    }

    @Test
    void aFailureOfAnOldVersionIsForgotten() {
        var retry = new Retry(Retry.ofReplica("web", 0), "old-hash", 3, null, NOW, DIED);

        var status = JobStatus.of(new JobView(job(Lifecycle.SERVICE, 1), List.of(), List.of(retry)), NOW);

        assertThat(status.state()).isEqualTo(State.STARTING);
    }

    @Test
    void aJobWithoutReplicasDrainsAndStops() {
        var draining = replica(0, running().toDraining(NOW, LATER, DIED));
        var job = job(Lifecycle.SERVICE, 0);

        assertThat(JobStatus.of(new JobView(job, List.of(draining), List.of()), NOW)
                        .state())
                .isEqualTo(State.DRAINING);
        assertThat(JobStatus.of(new JobView(job, List.of(), List.of()), NOW).state())
                .isEqualTo(State.STOPPED);
    }

    private static DesiredVm job(Lifecycle lifecycle, int replicas) {
        return Samples.job("web", spec(lifecycle, replicas, null));
    }

    private static MicroVm replica(int replica, VmState state) {
        return vm("vm-" + replica + state.phase(), owner("web", replica), state);
    }

    private static Retry retry(int replica, Instant nextTry, Reason reason) {
        return new Retry(Retry.ofReplica("web", replica), HASH, 1, nextTry, NOW, reason);
    }

    @Test
    void aJobSaysHowOftenItWasTriedAndHowItsLastAttemptEnded() {
        var first = ended("vm-1", NOW, new GuestExit(3, null));
        var second = ended("vm-2", LATER, new GuestExit(null, 9));
        var verdict = new Reason(ReasonCode.NOT_RESTARTED, "all 2 attempts are used up");
        var retry = new Retry(Retry.ofReplica("web", 0), HASH, 2, null, LATER, verdict);

        var status = JobStatus.of(new JobView(job(Lifecycle.JOB, 1), List.of(second, first), List.of(retry)), LATER);

        assertThat(status.state()).isEqualTo(State.FAILED);
        assertThat(status.attempts()).isEqualTo(2);
        assertThat(status.exit()).isEqualTo(new GuestExit(null, 9));
        assertThat(status.since()).isEqualTo(LATER);
    }

    @Test
    void anAttemptThatRunsCountsAndLeavesTheEndOfTheOneBeforeToBeSeen() {
        var first = ended("vm-1", NOW, new GuestExit(3, null));

        var status = JobStatus.of(
                new JobView(job(Lifecycle.JOB, 1), List.of(first, replica(0, running())), List.of(retry(0, NOW, DIED))),
                LATER);

        assertThat(status.attempts()).isEqualTo(2);
        assertThat(status.exit()).isEqualTo(new GuestExit(3, null));
    }

    @Test
    void anEndThatNobodySawIsNotMadeUp() {
        var lost = ended("vm-1", NOW, GuestExit.UNKNOWN);

        var status =
                JobStatus.of(new JobView(job(Lifecycle.JOB, 1), List.of(lost), List.of(retry(0, null, DIED))), LATER);

        assertThat(status.exit()).isNull();
    }

    @Test
    void aJobThatWaitsForItsImageSaysHowFarThatIs() {
        var digest = Pictures.digest('a');
        var job = Samples.job("web", Specs.withImage(spec(Lifecycle.SERVICE, 1, null), Pictures.pinned(digest)));
        var image = Pictures.in(Image.State.FAILED, digest, List.of("localhost/app:1"));

        var status = JobStatus.of(new JobView(job, List.of(), List.of(), List.of(), image), NOW);

        assertThat(status.state()).isEqualTo(State.WAITING);
        assertThat(status.reason())
                .isEqualTo(new Reason(
                        ReasonCode.IMAGE_FAILED,
                        "image localhost/app:1 cannot be fetched: the registry is closed; next try at "
                                + image.nextTry()));
        assertThat(status.nextTry()).isEqualTo(image.nextTry());
        assertThat(status.image()).isEqualTo(image);
    }

    private static MicroVm ended(String vmId, Instant at, GuestExit exit) {
        return new MicroVm(
                vmId,
                "node-1",
                HASH,
                Samples.boot(8080),
                owner("web", 0),
                new VmState.Failed(at, DIED, exit),
                "127.64.0.1",
                at,
                true);
    }

    @Test
    void aVmThatWaitsSaysWhatItLacks() {
        var lack = new Reason(ReasonCode.NO_CAPACITY, "needs 144 MiB and 1 vcpu: 0 MiB and 1 vcpu are free");
        var waiting = replica(0, new VmState.Pending(NOW, lack));

        var status = JobStatus.of(new JobView(job(Lifecycle.SERVICE, 1), List.of(waiting), List.of()), LATER);

        assertThat(status.state()).isEqualTo(State.WAITING);
        assertThat(status.reason()).isEqualTo(lack);
        assertThat(status.since()).isEqualTo(NOW);
    }
}
