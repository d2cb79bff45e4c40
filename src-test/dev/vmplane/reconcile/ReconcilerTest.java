package dev.vmplane.reconcile;

import static dev.vmplane.Samples.HASH;
import static dev.vmplane.Samples.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Samples;
import dev.vmplane.bus.Address.Slices;
import dev.vmplane.model.Brake;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.Intents;
import dev.vmplane.model.JobView;
import dev.vmplane.model.Lifecycle;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Owner;
import dev.vmplane.model.Phase;
import dev.vmplane.model.PoolSlice;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Retry;
import dev.vmplane.model.States;
import dev.vmplane.model.VmState;
import dev.vmplane.model.WarmPool;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Small worlds and what is to be done about them. */
class ReconcilerTest {
    private static final Brake BRAKE = new Brake(50, 5);

    @Test
    void anEmptyWorldAsksForNothing() {
        var plan = plan(new Slices(List.of(), List.of()), 0, 0);

        assertThat(plan)
                .isEqualTo(new Plan(new Intents(List.of(), List.of(), List.of()), List.of(), List.of(), List.of()));
    }

    @Test
    void everyReplicaWithoutAVmIsPlaced() {
        var plan = plan(job(3, vm("vm-b", 1, Phase.RUNNING)));

        assertThat(plan.intents().place())
                .containsExactly(new Intents.Place("web", 0, 1), new Intents.Place("web", 2, 1));
        assertThat(plan.intents().retire()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(
            value = Phase.class,
            names = {"PENDING", "STARTING", "BOOTING", "PAUSED", "RUNNING"})
    void aReplicaThatIsFilledOrAboutToBeAsksForNothing(Phase phase) {
        assertThat(plan(job(1, vm("vm-a", 0, phase))).intents().isEmpty()).isTrue();
    }

    @ParameterizedTest
    @EnumSource(
            value = Phase.class,
            names = {"DRAINING", "STOPPING", "STOPPED", "FAILED"})
    void aReplicaWhoseVmLeavesIsPlacedAnew(Phase phase) {
        assertThat(plan(job(1, vm("vm-a", 0, phase))).intents().place()).hasSize(1);
    }

    @Test
    void theNewVmOfAChangedSpecComesUpBeforeTheOldOneGoes() {
        var plan = plan(job(1, former("vm-old", Phase.RUNNING)));

        assertThat(plan.intents().place()).containsExactly(new Intents.Place("web", 0, 1));
        assertThat(plan.intents().retire()).isEmpty();
    }

    @Test
    void theVmOfARestartedJobServesUntilTheNextOneIsUp() {
        var restarted = job(1).jobs().get(0).job().renewed(NOW);

        var before = plan(new Slices(
                List.of(new JobView(restarted, List.of(vm("vm-old", 0, Phase.RUNNING)), List.of())), List.of()));

        assertThat(before.intents().place()).containsExactly(new Intents.Place("web", 0, 2));
        assertThat(before.intents().retire()).isEmpty();
    }

    @Test
    void aVmThatARestartedJobGotSinceIsLeftAlone() {
        var restarted = job(1).jobs().get(0).job().renewed(NOW);
        var next = vm("vm-new", 0, Phase.BOOTING).with(new Owner("web", "web", 0, 2), States.of(Phase.BOOTING, NOW));

        var plan = plan(new Slices(
                List.of(new JobView(restarted, List.of(vm("vm-old", 0, Phase.RUNNING), next), List.of())), List.of()));

        assertThat(plan.intents().isEmpty()).isTrue();
    }

    @Test
    void aStoppedJobIsGivenNothing() {
        var stopped = job(2).jobs().get(0).job().stopped(NOW);

        assertThat(plan(new Slices(List.of(new JobView(stopped, List.of(), List.of())), List.of()))
                        .intents()
                        .isEmpty())
                .isTrue();
    }

    @Test
    void whatAStoppedJobStillHasGoes() {
        var stopped = job(1).jobs().get(0).job().stopped(NOW);

        var plan = plan(new Slices(
                List.of(new JobView(stopped, List.of(vm("vm-a", 0, Phase.RUNNING)), List.of())), List.of()));

        assertThat(plan.intents().retire())
                .extracting(retire -> retire.reason().code())
                .containsExactly(ReasonCode.JOB_STOPPED);
    }

    @Test
    void whileTheNewVmBootsNothingMoreIsDone() {
        var plan = plan(job(1, former("vm-old", Phase.RUNNING), vm("vm-new", 0, Phase.BOOTING)));

        assertThat(plan.intents().isEmpty()).isTrue();
    }

    @Test
    void replicasNobodyWantsAreLetGo() {
        var plan =
                plan(job(1, vm("vm-0", 0, Phase.RUNNING), vm("vm-1", 1, Phase.RUNNING), vm("vm-2", 2, Phase.FAILED)));

        assertThat(plan.intents().retire())
                .containsExactly(
                        new Intents.Retire("vm-1", new Reason(ReasonCode.SCALED_DOWN, "the job wants 1 replicas")));
    }

    @Test
    void ofSeveralVmsOfAReplicaTheOneThatServesStays() {
        var sick = Samples.vm("vm-a", Samples.owner("web", 0), new VmState.Running(NOW, Samples.PROCESS, false));

        var plan = plan(job(1, vm("vm-b", 0, Phase.BOOTING), sick, vm("vm-z", 0, Phase.RUNNING)));

        assertThat(plan.intents().retire()).extracting(Intents.Retire::vmId).containsExactly("vm-a", "vm-b");
    }

    @Test
    void aReplicaInBackoffSaysSoAndIsLookedAtWhenItIsOver() {
        var nextTry = NOW.plusSeconds(10);

        var plan = plan(failed(HASH, nextTry));

        assertThat(plan.intents().isEmpty()).isTrue();
        assertThat(plan.waiting())
                .extracting(waiting -> waiting.reason().code())
                .containsExactly(ReasonCode.BACKOFF);
        assertThat(plan.wake()).containsExactly(new Plan.Wake(new Key.Job("web"), nextTry));
    }

    @Test
    void aBackoffThatIsOverIsATry() {
        assertThat(plan(failed(HASH, NOW)).intents().place()).hasSize(1);
    }

    @Test
    void aBackoffOfAFormerSpecDoesNotHoldBackThePresentOne() {
        assertThat(plan(failed("hash-of-before", NOW.plusSeconds(10))).intents().place())
                .hasSize(1);
    }

    @Test
    void aReplicaThatWillNotBeTriedAgainWaitsWithoutAWake() {
        var plan = plan(failed(HASH, null));

        assertThat(plan.intents().isEmpty()).isTrue();
        assertThat(plan.waiting()).hasSize(1);
        assertThat(plan.wake()).isEmpty();
    }

    @ParameterizedTest(name = "min {0}, max {1}, demand {2}: {3}")
    @CsvSource({"0, 0, 9, 0", "1, 3, 0, 1", "1, 3, 2, 2", "1, 3, 9, 3", "2, 2, 0, 2"})
    void aPoolIsFilledToItsDemandWithinItsBounds(int min, int max, int demand, int wanted) {
        var plan = plan(pool(new WarmPool(min, max), null), demand, 0);

        assertThat(plan.intents().warm()).isEqualTo(wanted == 0 ? List.of() : List.of(new Intents.Warm(HASH, wanted)));
    }

    @Test
    void aPoolCountsWhatIsOnItsWay() {
        var plan =
                plan(pool(new WarmPool(3, 3), null, warm("vm-a", 0, Phase.WARM), warm("vm-b", 1, Phase.PENDING)), 0, 0);

        assertThat(plan.intents().warm()).containsExactly(new Intents.Warm(HASH, 1));
    }

    @Test
    void aPoolThatIsLargerOnlyByDemandIsLookedAtAgain() {
        var plan = plan(pool(new WarmPool(1, 3), null), 2, 0);

        assertThat(plan.wake()).containsExactly(new Plan.Wake(new Key.Pool(HASH), NOW.plusSeconds(10)));
    }

    @Test
    void aSurplusGivesUpWhatHasCostLeastFirst() {
        var vms = new MicroVm[] {
            warm("vm-old", 0, Phase.WARM),
            warm("vm-pending", 1, Phase.PENDING),
            warm("vm-young", 2, Phase.WARM),
            warm("vm-warming", 3, Phase.WARMING)
        };

        assertThat(kept(3, vms)).containsExactly("vm-old", "vm-young", "vm-warming");
        assertThat(kept(2, vms)).containsExactly("vm-old", "vm-young");
        assertThat(kept(1, vms)).containsExactly("vm-old");
    }

    @Test
    void aPoolThatNoJobWantsIsGivenUp() {
        var slice = new PoolSlice(HASH, 0, WarmPool.NONE, List.of(warm("vm-a", 0, Phase.WARM)), null);

        var plan = plan(new Slices(List.of(), List.of(slice)), 5, 0);

        assertThat(plan.intents().retire())
                .containsExactly(new Intents.Retire(
                        "vm-a", new Reason(ReasonCode.POOL_SURPLUS, "no job wants this spec any more")));
    }

    @Test
    void aPoolInBackoffIsLookedAtWhenItIsOver() {
        var nextTry = NOW.plusSeconds(10);

        var plan = plan(pool(new WarmPool(3, 3), poolRetry(nextTry)), 0, 0);

        assertThat(plan.intents().isEmpty()).isTrue();
        assertThat(plan.wake()).containsExactly(new Plan.Wake(new Key.Pool(HASH), nextTry));
    }

    @Test
    void afterAPoolFailureOneVmTries() {
        var plan = plan(pool(new WarmPool(3, 3), poolRetry(NOW)), 0, 0);

        assertThat(plan.intents().warm()).containsExactly(new Intents.Warm(HASH, 1));
    }

    @ParameterizedTest
    @EnumSource(
            value = Phase.class,
            names = {"PENDING", "STARTING", "BOOTING", "WARMING"})
    void whileThatOneTriesTheOthersWait(Phase phase) {
        var plan = plan(pool(new WarmPool(3, 3), poolRetry(NOW), warm("vm-a", 0, phase)), 0, 0);

        assertThat(plan.intents().isEmpty()).isTrue();
    }

    @Test
    void aFailedPoolThatStillHoldsAWarmVmTriesToo() {
        var plan = plan(pool(new WarmPool(3, 3), poolRetry(NOW), warm("vm-a", 0, Phase.WARM)), 0, 0);

        assertThat(plan.intents().warm()).containsExactly(new Intents.Warm(HASH, 1));
    }

    @Test
    void vmsOfAJobThatIsGoneAreLetGo() {
        var plan = plan(orphans(5, Phase.RUNNING), 0, 5);

        assertThat(plan.intents().retire())
                .hasSize(5)
                .allSatisfy(retire -> assertThat(retire.reason().code()).isEqualTo(ReasonCode.DELETED));
        assertThat(plan.held()).isEmpty();
    }

    @Test
    void theBrakeHoldsAMassRemovalAndNothingElse() {
        var world = new Slices(
                List.of(orphans(6, Phase.RUNNING).jobs().get(0), job(1).jobs().get(0)), List.of());

        var plan = plan(world, 0, 6);

        assertThat(plan.held()).hasSize(6);
        assertThat(plan.intents().retire()).isEmpty();
        assertThat(plan.intents().place()).hasSize(1);
    }

    @Test
    void orphansThatLeaveAlreadyDoNotCountForTheBrake() {
        var plan = plan(orphans(100, Phase.DRAINING), 0, 0);

        assertThat(plan.held()).isEmpty();
        assertThat(plan.intents().isEmpty()).isTrue();
    }

    private static List<String> kept(int wanted, MicroVm... vms) {
        var retired = plan(pool(new WarmPool(wanted, wanted), null, vms), 0, 0).intents().retire().stream()
                .map(Intents.Retire::vmId)
                .toList();
        return Arrays.stream(vms)
                .map(MicroVm::vmId)
                .filter(id -> !retired.contains(id))
                .toList();
    }

    private static Plan plan(Slices world) {
        return plan(world, 0, 0);
    }

    private static Plan plan(Slices world, int demand, int running) {
        return Reconciler.reconcile(world, hash -> demand, running, BRAKE, NOW);
    }

    private static Slices job(int replicas, MicroVm... vms) {
        return job(replicas, List.of(), vms);
    }

    private static Slices job(int replicas, List<Retry> retries, MicroVm... vms) {
        DesiredVm job = Samples.job("web", Samples.spec(Lifecycle.SERVICE, replicas, null));
        return new Slices(List.of(new JobView(job, List.of(vms), retries)), List.of());
    }

    private static Slices failed(String hash, Instant nextTry) {
        var reason = new Reason(nextTry == null ? ReasonCode.NOT_RESTARTED : ReasonCode.VMM_DIED, "it failed");
        return job(1, List.of(new Retry(Retry.ofReplica("web", 0), hash, 2, nextTry, NOW, reason)));
    }

    private static Slices pool(WarmPool bounds, Retry retry, MicroVm... unowned) {
        return new Slices(List.of(), List.of(new PoolSlice(HASH, 1, bounds, List.of(unowned), retry)));
    }

    private static Retry poolRetry(Instant nextTry) {
        return new Retry(Retry.ofPool(HASH), HASH, 2, nextTry, NOW, new Reason(ReasonCode.VMM_DIED, "it failed"));
    }

    private static Slices orphans(int count, Phase phase) {
        var vms =
                IntStream.range(0, count).mapToObj(n -> vm("vm-" + n, 0, phase)).toList();
        return new Slices(List.of(new JobView(null, vms, List.of())), List.of());
    }

    private static MicroVm vm(String vmId, int replica, Phase phase) {
        return Samples.vm(vmId, Samples.owner("web", replica), States.of(phase, NOW));
    }

    /** A VM of the job as it was before its spec changed. */
    private static MicroVm former(String vmId, Phase phase) {
        return new MicroVm(
                vmId,
                "here",
                "hash-of-before",
                Samples.boot(8080),
                Samples.owner("web", 0),
                States.of(phase, NOW),
                "127.64.0.1",
                NOW,
                false);
    }

    private static MicroVm warm(String vmId, int ageOrder, Phase phase) {
        var createdAt = NOW.plus(Duration.ofSeconds(ageOrder));
        return new MicroVm(
                vmId, "here", HASH, Samples.boot(8080), null, States.of(phase, NOW), "127.64.0.1", createdAt, false);
    }
}
