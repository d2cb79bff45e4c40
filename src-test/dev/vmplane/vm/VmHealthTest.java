package dev.vmplane.vm;

import static dev.vmplane.vm.VmRig.OWNER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmplane.Await;
import dev.vmplane.Samples;
import dev.vmplane.hypervisor.Inspection;
import dev.vmplane.model.Phase;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.VmState;
import dev.vmplane.vm.FakeHypervisor.Call;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A guest that was healthy once, and is not any more. */
@ExtendWith(VertxExtension.class)
class VmHealthTest {
    private VmRig rig;

    @BeforeEach
    void open(Vertx vertx) {
        rig = new VmRig(vertx);
    }

    @Test
    void aGuestGivesMemoryBackAndServesOn() {
        rig.running();

        assertThat(Await.of(rig.reclaim(48))).isEqualTo(48);

        assertThat(rig.hypervisor.reclaimed()).isEqualTo(48);
        assertThat(rig.phase()).isEqualTo(Phase.RUNNING);
    }

    @Test
    void aGuestThatCannotGiveMemoryBackIsNoneTheWorseForIt() {
        rig.running();
        rig.hypervisor.fail(Call.RECLAIM, ReasonCode.HYPERVISOR_REFUSED, "it has no balloon");

        assertThatThrownBy(() -> Await.of(rig.reclaim(48))).hasMessageContaining("it has no balloon");

        assertThat(rig.phase()).isEqualTo(Phase.RUNNING);
    }

    @Test
    void twoFailuresInARowAreAnAccident() {
        rig.running();

        rig.check(500);
        rig.check(500);
        rig.check(200);

        rig.untilAlarms(1);
        assertThat(rig.last().serving()).isTrue();
        assertThat(rig.store.committed()).extracting(vm -> vm.phase()).containsOnlyOnce(Phase.RUNNING);
    }

    @Test
    void afterThreeFailuresInARowNobodyIsRoutedToIt() {
        rig.running();

        fallSick();

        assertThat(rig.phase()).isEqualTo(Phase.RUNNING);
        assertThat(rig.last().serving()).isFalse();
        assertThat(rig.hypervisor.alive()).isTrue();
    }

    @Test
    void aSickVmThatPassesIsRoutedAgain() {
        rig.running();
        fallSick();

        rig.check(200);

        rig.until(() -> rig.last().serving());
    }

    @Test
    void aVmThatStaysSickBeyondItsGraceIsEnded() {
        rig.running();
        fallSick();
        rig.guest.meanwhile(() -> rig.time.advance(Duration.ofSeconds(16)));

        rig.check(500);

        assertThat(rig.gone().state().reason().code()).isEqualTo(ReasonCode.UNHEALTHY);
        assertThat(rig.phase()).isEqualTo(Phase.FAILED);
    }

    @Test
    void aSickVmOfThePoolIsNotKeptForAnybody() {
        rig.warm();

        rig.check(500);
        rig.check(500);
        rig.check(500);

        assertThat(rig.gone().state().reason().code()).isEqualTo(ReasonCode.UNHEALTHY);
    }

    @Test
    void anAdoptedVmThatWasSickIsNotRoutedBecauseOfAnotherFailure() {
        rig.adopt(OWNER, new VmState.Running(Samples.NOW, Samples.PROCESS, false), Inspection.RUNNING);

        rig.check(500);

        rig.untilAlarms(1);
        assertThat(rig.last().serving()).isFalse();
    }

    @Test
    void anAdoptedVmThatWasSickIsRoutedAgainOnceItPasses() {
        rig.adopt(OWNER, new VmState.Running(Samples.NOW, Samples.PROCESS, false), Inspection.RUNNING);

        rig.check(200);

        rig.until(() -> rig.last().serving());
    }

    @Test
    void anAdoptedVmThatStaysSickIsEnded() {
        rig.adopt(OWNER, new VmState.Running(Samples.NOW, Samples.PROCESS, false), Inspection.RUNNING);
        rig.guest.meanwhile(() -> rig.time.advance(Duration.ofSeconds(16)));

        rig.check(500);

        assertThat(rig.gone().state().reason().code()).isEqualTo(ReasonCode.UNHEALTHY);
    }

    private void fallSick() {
        rig.check(500);
        rig.check(500);
        rig.check(500);
        rig.untilAlarms(1);
    }
}
