package dev.vmplane.reconcile;

import static dev.vmplane.Samples.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Samples;
import dev.vmplane.Specs;
import dev.vmplane.bus.Address.Slices;
import dev.vmplane.model.Brake;
import dev.vmplane.model.Changes;
import dev.vmplane.model.Intents;
import dev.vmplane.model.JobView;
import dev.vmplane.model.Lifecycle;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Retry;
import dev.vmplane.model.States;
import dev.vmplane.model.VolumeKey;
import dev.vmplane.model.VolumeMount;
import dev.vmplane.model.VolumeUse;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a volume that one VM has means for the next one. */
class ReconcilerVolumeTest {
    private static final VolumeUse WITH_FORMER = new VolumeUse("data", "vm-old", "web");
    private static final VolumeUse WITH_ANOTHER = new VolumeUse("logs", "vm-b", "report");

    @Test
    void theFormerVmGoesFirstWhenItHasWhatTheNextOneNeeds() {
        var plan = plan(List.of(WITH_FORMER), former(Phase.RUNNING));

        assertThat(plan.intents().place()).isEmpty();
        assertThat(plan.intents().retire())
                .containsExactly(new Intents.Retire(
                        "vm-old", new Reason(ReasonCode.REPLACED, "the next VM of the job needs its volumes")));
    }

    @ParameterizedTest
    @EnumSource(
            value = Phase.class,
            names = {"DRAINING", "STOPPING", "STOPPED", "FAILED"})
    void theNextVmWaitsUntilTheFormerOneIsReleased(Phase phase) {
        var plan = plan(List.of(WITH_FORMER), former(phase));

        assertThat(plan.intents().isEmpty()).isTrue();
        assertThat(plan.waiting())
                .containsExactly(new Plan.Waiting(
                        "web",
                        0,
                        new Reason(
                                ReasonCode.VOLUME_BUSY,
                                "volume 'data' is with vm-old, the job's former VM, which must be gone first")));
    }

    @Test
    void aJobThatWaitsForAnotherSaysForWhom() {
        var plan = plan(List.of(WITH_ANOTHER));

        assertThat(plan.intents().isEmpty()).isTrue();
        assertThat(plan.waiting())
                .containsExactly(new Plan.Waiting(
                        "web",
                        0,
                        new Reason(
                                ReasonCode.VOLUME_BUSY,
                                "volume 'logs' is with vm-b of job 'report' until that VM is gone")));
    }

    @Test
    void aVmThatServesIsNotGivenUpForAVolumeThatIsNotToBeHad() {
        var plan = plan(List.of(WITH_FORMER, WITH_ANOTHER), former(Phase.RUNNING));

        assertThat(plan.intents().isEmpty()).isTrue();
        assertThat(plan.waiting()).hasSize(1);
    }

    @Test
    void aFormerVmWithoutAVolumeThatIsNeededServesUntilTheNextOneDoes() {
        var plan = plan(List.of(), former(Phase.RUNNING));

        assertThat(plan.intents().retire()).isEmpty();
        assertThat(plan.intents().place()).hasSize(1);
    }

    @Test
    void aJobInBackoffKeepsItsFormerVm() {
        var retry = new Retry(
                Retry.ofReplica("web", 0),
                Samples.HASH,
                1,
                NOW.plusSeconds(10),
                NOW,
                new Reason(ReasonCode.VMM_DIED, "gone"));
        var view = new JobView(
                Samples.job("web", Samples.spec(Lifecycle.SERVICE, 1, null)),
                List.of(former(Phase.RUNNING)),
                List.of(retry),
                List.of(WITH_FORMER));

        assertThat(plan(view).intents().isEmpty()).isTrue();
    }

    @Test
    void aVmThatIsReleasedKnocksForEveryJobThatNamesItsVolumes() {
        var vm = holder(false).asReleased();

        var keys =
                Knocks.of(new Changes(List.of(), List.of(), List.of(vm), List.of(), List.of(), List.of(), List.of()));

        assertThat(keys).contains(new Key.Volume(new VolumeKey("web", "data")));
    }

    @Test
    void aVmWhoseRowIsGoneKnocksForThemToo() {
        var keys = Knocks.of(
                new Changes(List.of(), List.of(), List.of(), List.of(holder(false)), List.of(), List.of(), List.of()));

        assertThat(keys).contains(new Key.Volume(new VolumeKey("web", "data")));
    }

    @Test
    void aVmThatStillHasItsVolumesKnocksForNobodyElse() {
        var keys = Knocks.of(
                new Changes(List.of(), List.of(), List.of(holder(false)), List.of(), List.of(), List.of(), List.of()));

        assertThat(keys).noneMatch(Key.Volume.class::isInstance);
    }

    private static Plan plan(List<VolumeUse> uses, MicroVm... vms) {
        var job = Samples.job("web", Samples.spec(Lifecycle.SERVICE, 1, null));
        return plan(new JobView(job, List.of(vms), List.of(), uses));
    }

    private static Plan plan(JobView view) {
        return Reconciler.reconcile(new Slices(List.of(view), List.of()), hash -> 0, 0, new Brake(50, 5), NOW);
    }

    private static MicroVm former(Phase phase) {
        return new MicroVm(
                "vm-old",
                "here",
                "hash-of-before",
                Samples.boot(8080),
                Samples.owner("web", 0),
                States.of(phase, NOW),
                "127.64.0.1",
                NOW,
                false);
    }

    private static MicroVm holder(boolean released) {
        var boot = Specs.withVolumes(Specs.service("red", 0, 0), "data").boot();
        assertThat(boot.volumes()).extracting(VolumeMount::name).containsExactly("data");
        return new MicroVm(
                "vm-a",
                "here",
                Samples.HASH,
                boot,
                Samples.owner("web", 0),
                States.of(Phase.STOPPED, NOW),
                "127.64.0.1",
                List.of("vol-1"),
                NOW,
                released);
    }
}
