package dev.vmplane.reconcile;

import static dev.vmplane.Samples.HASH;
import static dev.vmplane.Samples.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Samples;
import dev.vmplane.Specs;
import dev.vmplane.bus.Address.Slices;
import dev.vmplane.model.Brake;
import dev.vmplane.model.Completion;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.Intents;
import dev.vmplane.model.JobView;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Retry;
import dev.vmplane.model.States;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How long a job that has ended is remembered. */
class ReconcilerExpireTest {
    private static final Duration HOUR = Duration.ofHours(1);

    @ParameterizedTest
    @EnumSource(
            value = ReasonCode.class,
            names = {"FINISHED", "NOT_RESTARTED"})
    void aJobIsForgottenWhenItsTimeIsOverHoweverItEnded(ReasonCode verdict) {
        var plan = plan(job(DesiredVm.Source.API, HOUR), List.of(ended(verdict, NOW.minus(HOUR))));

        assertThat(plan.intents().expire()).containsExactly(new Intents.Expire("batch", 1));
    }

    @Test
    void beforeThatItIsLookedAtWhenItsTimeIsOver() {
        var plan = plan(job(DesiredVm.Source.API, HOUR), List.of(ended(ReasonCode.FINISHED, NOW)));

        assertThat(plan.intents().isEmpty()).isTrue();
        assertThat(plan.wake()).containsExactly(new Plan.Wake(new Key.Job("batch"), NOW.plus(HOUR)));
    }

    @Test
    void aJobThatDidNotAskForItIsRemembered() {
        var plan = plan(job(DesiredVm.Source.API, null), List.of(ended(ReasonCode.FINISHED, NOW.minus(HOUR))));

        assertThat(plan.intents().isEmpty()).isTrue();
        assertThat(plan.wake()).isEmpty();
    }

    @Test
    void aJobThatAFileNamesIsRememberedForAsLongAsTheFileDoes() {
        var plan = plan(job(DesiredVm.Source.FILE, HOUR), List.of(ended(ReasonCode.FINISHED, NOW.minus(HOUR))));

        assertThat(plan.intents().isEmpty()).isTrue();
    }

    @Test
    void aJobThatWillBeTriedAgainHasNotEnded() {
        var retry = new Retry(
                Retry.ofReplica("batch", 0),
                HASH,
                2,
                NOW.plusSeconds(10),
                NOW.minus(HOUR),
                new Reason(ReasonCode.VMM_DIED, "gone"));

        assertThat(plan(job(DesiredVm.Source.API, HOUR), List.of(retry))
                        .intents()
                        .expire())
                .isEmpty();
    }

    @Test
    void aJobThatRunsHasNotEnded() {
        var running = Samples.vm("vm-a", Samples.owner("batch", 0), States.of(Phase.RUNNING, NOW));

        assertThat(plan(job(DesiredVm.Source.API, HOUR), List.of(), running)
                        .intents()
                        .isEmpty())
                .isTrue();
    }

    private static Retry ended(ReasonCode verdict, Instant at) {
        return new Retry(Retry.ofReplica("batch", 0), HASH, 1, null, at, new Reason(verdict, "as the test says"));
    }

    private static DesiredVm job(DesiredVm.Source source, Duration timeToLive) {
        var spec = Specs.completing(Specs.job("red", 1), new Completion(null, timeToLive));
        return new DesiredVm("batch", "batch", spec, HASH, 1, source, NOW, NOW);
    }

    private static Plan plan(DesiredVm job, List<Retry> retries, MicroVm... vms) {
        var world = new Slices(List.of(new JobView(job, List.of(vms), retries)), List.of());
        return Reconciler.reconcile(world, hash -> 0, 0, new Brake(50, 5), NOW);
    }
}
