package dev.vmplane.vm;

import static dev.vmplane.vm.VmRig.OWNER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.vmplane.LedgerStore;
import dev.vmplane.host.HostException;
import dev.vmplane.hypervisor.HypervisorException;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Phase;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.vm.FakeHypervisor.Call;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** From the row to a VM that serves or waits warm, and all that can go wrong on the way. */
@ExtendWith(VertxExtension.class)
class VmBootTest {
    private VmRig rig;

    @BeforeEach
    void open(Vertx vertx) {
        rig = new VmRig(vertx);
    }

    @Test
    void aVmOfAJobBootsUntilItRuns() {
        rig.ground.guestStarts();
        rig.start(OWNER);

        rig.check(200);

        rig.until(Phase.RUNNING);
        assertThat(rig.last().serving()).isTrue();
        assertThat(rig.store.committed())
                .extracting(MicroVm::phase)
                .containsExactly(Phase.PENDING, Phase.STARTING, Phase.BOOTING, Phase.RUNNING);
    }

    @Test
    void aVmOfThePoolBootsUntilItIsWarm() {
        rig.ground.guestStarts();
        rig.start(null);

        rig.check(200);

        rig.until(Phase.WARM);
        assertThat(rig.last().claimable()).isTrue();
        assertThat(rig.store.committed())
                .extracting(MicroVm::phase)
                .containsExactly(Phase.PENDING, Phase.STARTING, Phase.BOOTING, Phase.WARMING, Phase.WARM);
    }

    @Test
    void theIntentIsCommittedBeforeTheAct() {
        rig.booting();

        assertThat(rig.hypervisor.rowAt(Call.LAUNCH)).isEqualTo(Phase.STARTING);
        assertThat(rig.hypervisor.rowAt(Call.CONFIGURE)).isEqualTo(Phase.STARTING);
        assertThat(rig.hypervisor.rowAt(Call.BOOT)).isEqualTo(Phase.BOOTING);
    }

    @Test
    void nothingIsMadeWhileTheRowStillWaits() {
        rig.store.meet(LedgerStore.Trouble.BUSY);

        rig.start(OWNER);

        rig.until(() -> rig.store.refusals() > 0);
        assertThat(rig.ground.made()).isFalse();
        assertThat(rig.hypervisor.calls()).isEmpty();
    }

    @Test
    void aGuestIsNotCheckedBeforeItSaysThatItsProgramStarted() {
        rig.booting();
        rig.time.advance(Duration.ofSeconds(10));
        assertThat(rig.guest.checks()).isZero();

        rig.ground.guestStarts();
        rig.check(200);

        rig.until(Phase.RUNNING);
    }

    @Test
    void aGuestThatPassesLateIsTakenAllTheSame() {
        rig.ground.guestStarts();
        rig.start(OWNER);
        rig.check(500);
        rig.check(503);
        assertThat(rig.phase()).isEqualTo(Phase.BOOTING);

        rig.check(200);

        rig.until(Phase.RUNNING);
    }

    static Stream<Arguments> callsAndReasons() {
        return Stream.of(
                arguments(Call.LAUNCH, ReasonCode.LAUNCH_FAILED),
                arguments(Call.LAUNCH, ReasonCode.VMM_MISSING),
                arguments(Call.CONFIGURE, ReasonCode.CONFIGURE_FAILED),
                arguments(Call.CONFIGURE, ReasonCode.HYPERVISOR_SILENT),
                arguments(Call.BOOT, ReasonCode.HYPERVISOR_REFUSED));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("callsAndReasons")
    void aCallThatFailsEndsTheVmForThatReason(Call call, ReasonCode code) {
        rig.hypervisor.fail(call, code, "as the test says");

        rig.start(OWNER);

        var end = rig.gone();
        assertThat(rig.store.committed()).extracting(MicroVm::phase).contains(Phase.FAILED);
        assertThat(end.state().reason().code()).isEqualTo(code);
        assertThat(end.state().reason().detail()).isEqualTo("as the test says");
    }

    @Test
    void anUnreadableImageEndsTheVmBeforeThereIsAProcess() {
        rig.ground.fail(new HypervisorException(ReasonCode.IMAGE_UNREADABLE, "kernel 'vmlinux' cannot be read"));

        rig.start(OWNER);

        assertThat(rig.gone().state().reason().code()).isEqualTo(ReasonCode.IMAGE_UNREADABLE);
        assertThat(rig.hypervisor.calls()).doesNotContain(Call.LAUNCH);
    }

    @Test
    void aHostThatCannotLendADirectoryEndsTheVm() {
        rig.ground.fail(new HostException("vm vm-1 cannot be lent a run directory: no space left"));

        rig.start(OWNER);

        assertThat(rig.gone().state().reason().code()).isEqualTo(ReasonCode.HOST_FAILED);
    }

    @Test
    void aDefectEndsOneVmAndDoesNotTellTheTenantAboutIt() {
        rig.hypervisor.fail(Call.CONFIGURE, new IllegalStateException("a secret of the host"));

        rig.start(OWNER);

        var reason = rig.gone().state().reason();
        assertThat(reason.code()).isEqualTo(ReasonCode.DEFECT);
        assertThat(reason.detail()).doesNotContain("secret");
    }

    @Test
    void aGuestThatStaysSilentIsGivenUp() {
        rig.booting();

        rig.ground.guestIsSilent();

        assertThat(rig.gone().state().reason().code()).isEqualTo(ReasonCode.GUEST_SILENT);
    }

    @Test
    void aGuestOfAJobThatIsNeverHealthyIsGivenUpAtItsDeadline() {
        rig.ground.guestStarts();
        rig.start(OWNER);
        rig.guest.meanwhile(() -> rig.time.advance(VmRig.LIMITS.boot().plusSeconds(16)));

        rig.check(500);

        assertThat(rig.gone().state().reason().code()).isEqualTo(ReasonCode.NEVER_HEALTHY);
    }

    @Test
    void aGuestOfThePoolThatIsNeverHealthyIsGivenUpAfterItsGrace() {
        rig.ground.guestStarts();
        rig.start(null);
        rig.guest.meanwhile(() -> rig.time.advance(Duration.ofSeconds(16)));

        rig.check(500);

        assertThat(rig.gone().state().reason().code()).isEqualTo(ReasonCode.NEVER_HEALTHY);
    }

    @Test
    void whatCannotBeRemovedIsTriedAgainUntilItCan() {
        rig.hypervisor.fail(Call.CONFIGURE, ReasonCode.CONFIGURE_FAILED, "no such device");
        rig.ground.stick(true);
        rig.start(OWNER);
        rig.until(Phase.FAILED);
        rig.untilAlarms(1);
        assertThat(rig.store.vm(VmRig.VM).released()).isFalse();

        rig.ground.stick(false);
        rig.time.advance(Duration.ofSeconds(2));

        assertThat(rig.gone().state().reason().code()).isEqualTo(ReasonCode.CONFIGURE_FAILED);
    }
}
