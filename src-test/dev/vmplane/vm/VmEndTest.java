package dev.vmplane.vm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.LedgerStore;
import dev.vmplane.Samples;
import dev.vmplane.model.GuestExit;
import dev.vmplane.model.Hooks;
import dev.vmplane.model.Hooks.Hook;
import dev.vmplane.model.MicroVm;
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

/** How a life ends: by itself, or because somebody wants it to. */
@ExtendWith(VertxExtension.class)
class VmEndTest {
    private static final Duration DRAIN_POLL = Duration.ofMillis(100);
    private static final Hooks DRAIN = new Hooks(null, null, new Hook("/drain", 8080, Duration.ofMinutes(5)));

    private VmRig rig;

    @BeforeEach
    void open(Vertx vertx) {
        rig = new VmRig(vertx);
    }

    @Test
    void aProcessThatDiesWhileTheGuestBootsIsAFailure() {
        rig.booting();

        rig.hypervisor.die();

        assertThat(rig.gone().state().reason().code()).isEqualTo(ReasonCode.VMM_DIED);
        assertThat(rig.phase()).isEqualTo(Phase.FAILED);
    }

    @Test
    void aProcessThatDiesBeforeItsGuestWasStartedIsAFailure() {
        var boot = rig.hypervisor.hold(Call.BOOT);
        rig.booting();

        rig.hypervisor.die();
        rig.hypervisor.fail(Call.BOOT, ReasonCode.HYPERVISOR_SILENT, "nobody answers");
        boot.complete();

        assertThat(rig.gone().phase()).isEqualTo(Phase.FAILED);
    }

    @Test
    void aProcessThatDiesWhileWarmIsAFailure() {
        rig.warm();

        rig.hypervisor.die();

        assertThat(rig.gone().state().reason().code()).isEqualTo(ReasonCode.VMM_DIED);
    }

    @Test
    void aProcessThatDiesWhileItServesIsAFailure() {
        rig.running();

        rig.hypervisor.die();

        assertThat(rig.gone().state().reason().code()).isEqualTo(ReasonCode.VMM_DIED);
        assertThat(rig.phase()).isEqualTo(Phase.FAILED);
    }

    @Test
    void aProgramThatComesToAGoodEndHasStopped() {
        rig.running();
        rig.ground.guestSaidGoodbye(new GuestExit(0, null));

        rig.hypervisor.die();

        assertThat(rig.gone().state()).isInstanceOfSatisfying(VmState.Stopped.class, stopped -> {
            assertThat(stopped.exit().success()).isTrue();
            assertThat(stopped.reason().code()).isEqualTo(ReasonCode.GUEST_EXITED);
        });
    }

    @Test
    void aProgramThatFailsSaysHow() {
        rig.running();
        rig.ground.guestSaidGoodbye(new GuestExit(3, null));

        rig.hypervisor.die();

        assertThat(rig.gone().state()).isInstanceOfSatisfying(VmState.Failed.class, failed -> {
            assertThat(failed.exit().status()).isEqualTo(3);
            assertThat(failed.reason().code()).isEqualTo(ReasonCode.GUEST_EXITED);
        });
    }

    @Test
    void aVmThatIsRetiredWhileItStartsNeverBoots() {
        var configure = rig.hypervisor.hold(Call.CONFIGURE);
        rig.start(VmRig.OWNER);
        rig.until(() -> rig.hypervisor.calls().contains(Call.CONFIGURE));

        rig.retire();
        configure.complete();

        rig.untilAlarms(1);
        rig.time.advance(Duration.ZERO);
        assertThat(rig.gone().phase()).isEqualTo(Phase.STOPPED);
        assertThat(rig.hypervisor.calls()).doesNotContain(Call.BOOT);
    }

    @Test
    void aVmThatIsRetiredWhileItBootsIsStopped() {
        rig.booting();

        rig.retire();

        assertThat(rig.gone().phase()).isEqualTo(Phase.STOPPED);
        assertThat(rig.last().state().reason()).isEqualTo(VmRig.WISH);
    }

    @Test
    void aWarmVmThatIsRetiredIsStoppedAtOnce() {
        rig.warm();

        rig.retire();

        assertThat(rig.gone().phase()).isEqualTo(Phase.STOPPED);
        assertThat(rig.outstandingAsked).hasValue(0);
    }

    @Test
    void aServingVmThatHasNoRequestsIsStoppedAtOnce() {
        rig.running();

        rig.retire();

        assertThat(rig.gone().phase()).isEqualTo(Phase.STOPPED);
        assertThat(rig.store.committed())
                .extracting(MicroVm::phase)
                .containsSubsequence(Phase.DRAINING, Phase.STOPPING, Phase.STOPPED);
    }

    @Test
    void aServingVmMayFinishTheRequestsItHas() {
        rig.running();
        rig.outstanding.set(2);
        rig.retire();
        pollDrain();
        pollDrain();
        assertThat(rig.phase()).isEqualTo(Phase.DRAINING);
        assertThat(rig.hypervisor.calls()).doesNotContain(Call.STOP);

        rig.outstanding.set(0);
        pollDrain();

        assertThat(rig.gone().phase()).isEqualTo(Phase.STOPPED);
    }

    @Test
    void requestsThatDoNotEndDoNotHoldAVmBeyondTheLimit() {
        rig.running();
        rig.outstanding.set(1);
        rig.retire();
        rig.untilAlarms(2);

        rig.time.advance(LedgerStore.DRAIN_LIMIT.plusSeconds(1));

        assertThat(rig.gone().phase()).isEqualTo(Phase.STOPPED);
    }

    @Test
    void aVmThatDiesWhileItDrainsHasStoppedForTheReasonItWasRetiredFor() {
        rig.running();
        rig.outstanding.set(1);
        rig.retire();
        rig.untilAlarms(2);

        rig.hypervisor.die();

        assertThat(rig.gone().phase()).isEqualTo(Phase.STOPPED);
        assertThat(rig.last().state().reason()).isEqualTo(VmRig.WISH);
    }

    @Test
    void aGuestThatDoesNotEndWhenAskedIsMadeTo() {
        rig.hypervisor.disobey();
        rig.warm();
        rig.retire();
        rig.until(() -> rig.hypervisor.calls().contains(Call.STOP));
        rig.untilAlarms(2);
        assertThat(rig.hypervisor.alive()).isTrue();

        rig.time.advance(LedgerStore.STOP_LIMIT);

        assertThat(rig.gone().phase()).isEqualTo(Phase.STOPPED);
        assertThat(rig.hypervisor.calls()).containsSubsequence(Call.STOP, Call.KILL);
    }

    @Test
    void aGuestIsAskedToEndOnce() {
        rig.hypervisor.disobey();
        rig.warm();
        rig.retire();
        rig.until(() -> rig.hypervisor.calls().contains(Call.STOP));

        rig.knock();
        rig.knock();
        rig.hypervisor.die();

        rig.gone();
        assertThat(rig.hypervisor.calls()).containsOnlyOnce(Call.STOP);
    }

    @Test
    void aHypervisorThatCannotAskItsGuestEndsItAtOnce() {
        rig.hypervisor.fail(Call.STOP, ReasonCode.HYPERVISOR_REFUSED, "there is no keyboard");
        rig.warm();

        rig.retire();

        assertThat(rig.gone().phase()).isEqualTo(Phase.STOPPED);
    }

    @Test
    void aProcessThatCannotBeKilledIsTriedAgain() {
        rig.hypervisor.fail(Call.STOP, ReasonCode.HYPERVISOR_REFUSED, "there is no keyboard");
        rig.hypervisor.fail(Call.KILL, ReasonCode.HOST_FAILED, "the host refuses the signal");
        rig.warm();
        rig.retire();
        rig.until(Phase.STOPPED);
        rig.until(
                () -> rig.hypervisor.calls().stream().filter(Call.KILL::equals).count() > 1);

        rig.hypervisor.mend(Call.KILL);

        assertThat(rig.gone().phase()).isEqualTo(Phase.STOPPED);
    }

    @Test
    void aGuestWhoseAgentAnswersIsAskedByIt() {
        rig.agent.obeys(rig.hypervisor::die);
        rig.warm();

        rig.retire();

        assertThat(rig.gone().phase()).isEqualTo(Phase.STOPPED);
        assertThat(rig.agent.asked()).contains("stop");
        assertThat(rig.hypervisor.calls()).doesNotContain(Call.STOP);
    }

    @Test
    void aGuestThatHasHeardAndDoesNotEndIsMadeTo() {
        rig.agent.obeys(() -> {});
        rig.warm();
        rig.retire();
        rig.until(() -> rig.agent.asked().contains("stop"));
        rig.untilAlarms(1);

        rig.time.advance(LedgerStore.STOP_LIMIT);

        assertThat(rig.gone().phase()).isEqualTo(Phase.STOPPED);
        assertThat(rig.hypervisor.calls()).contains(Call.KILL).doesNotContain(Call.STOP);
    }

    @Test
    void aGuestThatSleepsIsAskedByItsMachineWhichWakesIt() {
        rig.agent.obeys(rig.hypervisor::die);
        rig.warm();
        rig.commit(null, Samples.warm().toPaused(rig.time.now()));
        rig.until(() -> rig.hypervisor.calls().contains(Call.PAUSE));

        rig.retire();

        assertThat(rig.gone().phase()).isEqualTo(Phase.STOPPED);
        assertThat(rig.hypervisor.calls()).contains(Call.STOP);
        assertThat(rig.agent.asked()).doesNotContain("stop");
    }

    @Test
    void aGuestIsToldThatItDrainsAndMayFinishThat() {
        var hook = rig.agent.hold("hook /drain");
        rig.hooks(DRAIN).running();
        rig.retire();
        rig.until(() -> rig.agent.asked().contains("hook /drain"));
        pollDrain();
        pollDrain();
        assertThat(rig.phase()).isEqualTo(Phase.DRAINING);

        hook.complete();
        pollDrain();

        assertThat(rig.gone().phase()).isEqualTo(Phase.STOPPED);
        assertThat(rig.agent.asked()).containsOnlyOnce("hook /drain");
        assertThat(rig.agent.body("/drain").getString("job_id")).isEqualTo("web");
    }

    @Test
    void aDrainHookThatFailsHoldsNobodyUp() {
        rig.agent.answers("/drain", 500);
        rig.hooks(DRAIN).running();

        rig.retire();

        rig.passTimeUntil(Phase.STOPPED);
        assertThat(rig.gone().state().reason()).isEqualTo(VmRig.WISH);
    }

    @Test
    void aDrainHookThatDoesNotEndDoesNotHoldAVmBeyondTheLimit() {
        rig.agent.hold("hook /drain");
        rig.hooks(DRAIN).running();
        rig.retire();
        rig.until(() -> rig.agent.asked().contains("hook /drain"));
        rig.untilAlarms(2);

        rig.time.advance(LedgerStore.DRAIN_LIMIT.plusSeconds(1));

        assertThat(rig.gone().phase()).isEqualTo(Phase.STOPPED);
    }

    private void pollDrain() {
        var asked = rig.outstandingAsked.get();
        // The next health check, and the next question to the ingress.
        rig.untilAlarms(2);
        rig.time.advance(DRAIN_POLL);
        rig.until(() -> rig.outstandingAsked.get() > asked);
    }
}
