package dev.vmplane.vm;

import static dev.vmplane.vm.VmRig.OWNER;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.LedgerStore.Trouble;
import dev.vmplane.Samples;
import dev.vmplane.hypervisor.Inspection;
import dev.vmplane.model.Phase;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.vm.FakeHypervisor.Call;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A life while the store says no, loses its answers or has lost the row, and after its verticle was stopped. */
@ExtendWith(VertxExtension.class)
class VmStoreTroubleTest {
    private static final Duration RETRY = Duration.ofSeconds(2);

    private VmRig rig;

    @BeforeEach
    void open(Vertx vertx) {
        rig = new VmRig(vertx);
    }

    @ParameterizedTest
    @EnumSource(
            value = Trouble.class,
            names = {"BUSY", "UNAVAILABLE"})
    void aRowThatCouldNotBeginBeginsLater(Trouble trouble) {
        rig.ground.guestStarts();

        trouble(trouble, () -> rig.start(OWNER));

        rig.passTimeUntil(Phase.RUNNING);
    }

    @ParameterizedTest
    @EnumSource(
            value = Trouble.class,
            names = {"UNAVAILABLE", "ANSWERS_ARE_LOST"})
    void aVmThatCouldNotSayThatItIsConfiguredIsBootedLater(Trouble trouble) {
        var configure = rig.hypervisor.hold(Call.CONFIGURE);
        rig.ground.guestStarts();
        rig.start(OWNER);
        rig.until(() -> rig.hypervisor.calls().contains(Call.CONFIGURE));

        trouble(trouble, configure::complete);

        rig.passTimeUntil(Phase.RUNNING);
    }

    @ParameterizedTest
    @EnumSource(
            value = Trouble.class,
            names = {"BUSY", "ANSWERS_ARE_LOST"})
    void aGuestThatStartedMeanwhileIsWarmLater(Trouble trouble) {
        rig.start(null);
        rig.until(() -> rig.hypervisor.calls().contains(Call.BOOT));

        trouble(trouble, rig.ground::guestStarts);

        rig.passTimeUntil(Phase.WARM);
    }

    @ParameterizedTest
    @EnumSource(
            value = Trouble.class,
            names = {"BUSY", "ANSWERS_ARE_LOST"})
    void aGuestThatPassedMeanwhileRunsLater(Trouble trouble) {
        rig.ground.guestStarts();
        rig.start(OWNER);
        rig.untilAlarms(1);

        trouble(trouble, () -> rig.check(200));

        rig.passTimeUntil(Phase.RUNNING);
    }

    @ParameterizedTest
    @EnumSource(
            value = Trouble.class,
            names = {"BUSY", "ANSWERS_ARE_LOST"})
    void aVmThatFellSickMeanwhileIsStillWatched(Trouble trouble) {
        rig.running();
        rig.check(500);
        rig.check(500);

        trouble(trouble, () -> rig.check(500));
        // The next check, and another look at the row.
        rig.untilAlarms(2);
        rig.time.advance(RETRY);
        rig.check(500);
        rig.until(() -> !rig.last().serving());
        rig.check(200);

        rig.until(() -> rig.last().serving());
    }

    @ParameterizedTest
    @EnumSource(
            value = Trouble.class,
            names = {"UNAVAILABLE", "ANSWERS_ARE_LOST"})
    void aDeathThatCouldNotBeToldIsToldLater(Trouble trouble) {
        rig.running();

        trouble(trouble, rig.hypervisor::die);

        rig.passTimeUntil(Phase.FAILED);
        assertThat(rig.gone().state().reason().code()).isEqualTo(ReasonCode.VMM_DIED);
    }

    @ParameterizedTest
    @EnumSource(
            value = Trouble.class,
            names = {"UNAVAILABLE", "ANSWERS_ARE_LOST"})
    void aFailureThatCouldNotBeToldIsToldLater(Trouble trouble) {
        rig.booting();

        trouble(trouble, rig.ground::guestIsSilent);

        rig.passTimeUntil(Phase.FAILED);
        assertThat(rig.gone().state().reason().code()).isEqualTo(ReasonCode.GUEST_SILENT);
    }

    @Test
    void aVmWhoseRowVanishedIsRemoved() {
        rig.running();
        rig.store.lose(VmRig.VM);

        rig.knock();

        rig.gone();
    }

    @Test
    void aVmThatCannotBeKilledAfterItsRowVanishedIsTriedAgain() {
        rig.running();
        rig.hypervisor.fail(Call.KILL, ReasonCode.HOST_FAILED, "the host refuses the signal");
        rig.store.lose(VmRig.VM);
        rig.knock();
        rig.until(() -> rig.hypervisor.calls().contains(Call.KILL));
        rig.untilAlarms(1);
        assertThat(rig.ground.made()).isTrue();

        rig.hypervisor.mend(Call.KILL);
        rig.time.advance(RETRY);

        rig.gone();
    }

    @Test
    void anUnavailableStoreIsNoMissingRow() {
        rig.running();
        rig.store.meet(Trouble.UNAVAILABLE);

        rig.knock();

        rig.until(() -> rig.store.refusals() > 0);
        assertThat(rig.hypervisor.calls()).doesNotContain(Call.KILL, Call.STOP);
        assertThat(rig.hypervisor.alive()).isTrue();
    }

    @Test
    void whenTheVerticleStopsTheVmGoesOn() {
        rig.running();
        rig.untilAlarms(1);
        var row = rig.last();

        rig.letGo();

        assertThat(rig.hypervisor.alive()).isTrue();
        assertThat(rig.hypervisor.letGo()).isTrue();
        assertThat(rig.ground.made()).isTrue();
        assertThat(rig.last()).isEqualTo(row);
        assertThat(rig.time.pending()).isZero();
    }

    @Test
    void aVmThatWasLetGoIsTakenOverByTheNextVerticle() {
        rig.running();
        rig.letGo();

        rig.adopt(OWNER, Samples.running(), Inspection.RUNNING);
        rig.check(200);

        rig.untilAlarms(1);
        assertThat(rig.last().serving()).isTrue();
        assertThat(rig.hypervisor.calls()).containsOnlyOnce(Call.LAUNCH);
    }

    /** Something happens while the store is in trouble, which then is over. */
    private void trouble(Trouble trouble, Runnable happening) {
        var refusals = rig.store.refusals();
        rig.store.meet(trouble);
        happening.run();
        rig.until(() -> rig.store.refusals() > refusals);
        rig.store.meet(Trouble.NONE);
    }
}
