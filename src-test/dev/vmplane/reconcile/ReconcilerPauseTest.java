package dev.vmplane.reconcile;

import static dev.vmplane.Samples.HASH;
import static dev.vmplane.Samples.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Samples;
import dev.vmplane.bus.Address.Slices;
import dev.vmplane.model.Brake;
import dev.vmplane.model.Intents;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Phase;
import dev.vmplane.model.PoolSlice;
import dev.vmplane.model.States;
import dev.vmplane.model.WarmPool;
import dev.vmplane.model.WarmPool.Mode;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Pools whose VMs are paused, and pools that are to run again. */
class ReconcilerPauseTest {
    @Test
    void whatIsWarmIsPausedAndTheRestComesLater() {
        var intents = plan(Mode.PAUSED, 3, warm("vm-a"), vm("vm-b", 1, Phase.WARMING), vm("vm-c", 2, Phase.PAUSED));

        assertThat(intents).isEqualTo(new Intents(List.of(), List.of(), List.of(), List.of("vm-a"), List.of()));
    }

    @Test
    void aPoolThatIsFilledMeanwhileIsPausedAllTheSame() {
        var intents = plan(Mode.PAUSED, 2, warm("vm-a"));

        assertThat(intents.pause()).containsExactly("vm-a");
        assertThat(intents.warm()).containsExactly(new Intents.Warm(HASH, 1));
    }

    @Test
    void whatIsGivenUpIsNotPausedBefore() {
        var intents = plan(Mode.PAUSED, 1, warm("vm-a"), vm("vm-b", 1, Phase.WARM));

        assertThat(intents.retire()).extracting(Intents.Retire::vmId).containsExactly("vm-b");
        assertThat(intents.pause()).containsExactly("vm-a");
    }

    @Test
    void aPoolThatRunsPausesNothing() {
        assertThat(plan(Mode.RUNNING, 1, warm("vm-a")).isEmpty()).isTrue();
    }

    @Test
    void aPoolThatIsToRunAgainLetsItsPausedVmsGoOneByOne() {
        var intents = plan(Mode.RUNNING, 2, vm("vm-a", 0, Phase.PAUSED), vm("vm-b", 1, Phase.PAUSED));

        assertThat(intents.retire()).extracting(Intents.Retire::vmId).containsExactly("vm-a");
        assertThat(intents.warm()).isEmpty();
    }

    @Test
    void theNextOneIsMadeWhenOneHasGone() {
        var intents = plan(Mode.RUNNING, 2, vm("vm-b", 1, Phase.PAUSED));

        assertThat(intents.retire()).isEmpty();
        assertThat(intents.warm()).containsExactly(new Intents.Warm(HASH, 1));
    }

    @ParameterizedTest
    @EnumSource(
            value = Phase.class,
            names = {"PENDING", "STARTING", "BOOTING", "WARMING"})
    void whileTheNextOneComesUpTheOtherStays(Phase phase) {
        assertThat(plan(Mode.RUNNING, 2, vm("vm-b", 1, Phase.PAUSED), vm("vm-c", 2, phase))
                        .isEmpty())
                .isTrue();
    }

    @Test
    void aPoolThatIsToRunGivesUpThePausedBeforeTheWarm() {
        var intents = plan(Mode.RUNNING, 1, vm("vm-a", 0, Phase.PAUSED), vm("vm-b", 1, Phase.WARM));

        assertThat(intents.retire()).extracting(Intents.Retire::vmId).containsExactly("vm-a");
    }

    private static Intents plan(Mode mode, int wanted, MicroVm... vms) {
        var slice = new PoolSlice(HASH, 1, new WarmPool(wanted, wanted, mode), List.of(vms), null);
        var world = new Slices(List.of(), List.of(slice));
        return Reconciler.reconcile(world, hash -> 0, 0, new Brake(50, 5), NOW).intents();
    }

    private static MicroVm warm(String vmId) {
        return vm(vmId, 0, Phase.WARM);
    }

    private static MicroVm vm(String vmId, int ageOrder, Phase phase) {
        return new MicroVm(
                vmId,
                "here",
                HASH,
                Samples.boot(8080),
                null,
                States.of(phase, NOW),
                "127.64.0.1",
                NOW.plusSeconds(ageOrder),
                false);
    }
}
