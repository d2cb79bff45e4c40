package dev.vmplane.vm;

import static dev.vmplane.Samples.NOW;
import static dev.vmplane.Samples.PROCESS;
import static dev.vmplane.vm.VmRig.OWNER;
import static dev.vmplane.vm.VmRig.WISH;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.vmplane.hypervisor.Inspection;
import dev.vmplane.model.GuestExit;
import dev.vmplane.model.Owner;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.VmState;
import dev.vmplane.model.VmmProcess;
import dev.vmplane.vm.FakeHypervisor.Call;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What a control plane makes of the rows and processes a former one has left. */
@ExtendWith(VertxExtension.class)
class VmAdoptionTest {
    private static final VmState STARTING = new VmState.Starting(NOW, NOW.plusSeconds(30));
    private static final VmState BOOTING = new VmState.Booting(NOW, NOW.plusSeconds(75), PROCESS);
    private static final VmState WARMING = new VmState.Warming(NOW, NOW.plusSeconds(15), PROCESS);
    private static final VmState WARM = new VmState.Warm(NOW, PROCESS);
    private static final VmState PAUSED = new VmState.Paused(NOW, PROCESS);
    private static final VmState RUNNING = new VmState.Running(NOW, PROCESS, true);
    private static final VmState DRAINING = new VmState.Draining(NOW, NOW.plusSeconds(30), PROCESS, WISH);
    private static final VmState STOPPING = new VmState.Stopping(NOW, NOW.plusSeconds(10), PROCESS, WISH);
    private static final VmState STOPPED = new VmState.Stopped(NOW, WISH, GuestExit.UNKNOWN);
    private static final VmState FAILED =
            new VmState.Failed(NOW, new Reason(ReasonCode.VMM_DIED, "gone"), GuestExit.UNKNOWN);

    private VmRig rig;

    @BeforeEach
    void open(Vertx vertx) {
        rig = new VmRig(vertx);
    }

    @Test
    void aBootingVmGoesOnToRun() {
        rig.adopt(OWNER, BOOTING, Inspection.RUNNING);
        rig.ground.guestStarts();

        rig.check(200);

        rig.until(Phase.RUNNING);
        assertThat(rig.hypervisor.calls()).containsExactly(Call.ADOPT);
    }

    @Test
    void aBootingVmOfThePoolGoesOnToBeWarm() {
        rig.adopt(null, BOOTING, Inspection.RUNNING);
        rig.ground.guestStarts();

        rig.check(200);

        rig.until(Phase.WARM);
    }

    @Test
    void aWarmingVmGoesOnToBeWarm() {
        rig.adopt(null, WARMING, Inspection.RUNNING);

        rig.check(200);

        rig.until(Phase.WARM);
    }

    static Stream<Arguments> quietLives() {
        return Stream.of(arguments(null, WARM), arguments(OWNER, RUNNING), arguments(null, PAUSED));
    }

    @ParameterizedTest(name = "{1}")
    @MethodSource("quietLives")
    void aVmThatIsWellIsLeftAsItIs(Owner owner, VmState state) {
        rig.adopt(owner, state, state == PAUSED ? Inspection.PAUSED : Inspection.RUNNING);

        rig.check(200);

        rig.until(() -> state == PAUSED || rig.guest.checks() == 1);
        assertThat(rig.last().state()).isEqualTo(state);
        assertThat(rig.hypervisor.calls()).containsExactly(Call.ADOPT);
    }

    @Test
    void aPausedVmThatHasAnOwnerIsResumed() {
        rig.adopt(OWNER, PAUSED, Inspection.PAUSED);

        rig.until(Phase.RUNNING);
        assertThat(rig.hypervisor.rowAt(Call.RESUME)).isEqualTo(Phase.PAUSED);
    }

    @Test
    void aDrainingVmGoesOnToItsEnd() {
        rig.adopt(OWNER, DRAINING, Inspection.RUNNING);

        assertThat(rig.gone().phase()).isEqualTo(Phase.STOPPED);
        assertThat(rig.outstandingAsked.get()).isPositive();
    }

    @Test
    void aStoppingVmGoesOnToItsEnd() {
        rig.adopt(OWNER, STOPPING, Inspection.RUNNING);

        assertThat(rig.gone().phase()).isEqualTo(Phase.STOPPED);
        assertThat(rig.last().state().reason()).isEqualTo(WISH);
    }

    @Test
    void aVmThatWasRetiredWhileItStartedIsStopped() {
        rig.adopt(OWNER, new VmState.Stopping(NOW, NOW.plusSeconds(10), null, WISH), Inspection.NOT_STARTED);

        assertThat(rig.gone().phase()).isEqualTo(Phase.STOPPED);
    }

    static Stream<VmState> startedHalfway() {
        return Stream.of(STARTING, BOOTING);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("startedHalfway")
    void aVmWhoseGuestWasNotStartedIsAbandoned(VmState state) {
        rig.adopt(OWNER, state, Inspection.NOT_STARTED);

        assertThat(rig.gone().state().reason().code()).isEqualTo(ReasonCode.ABANDONED);
    }

    static Stream<Arguments> livesThatAreGone() {
        return Stream.of(
                arguments(OWNER, STARTING, Phase.FAILED, ReasonCode.ABANDONED),
                arguments(OWNER, BOOTING, Phase.FAILED, ReasonCode.VMM_DIED),
                arguments(null, WARMING, Phase.FAILED, ReasonCode.VMM_DIED),
                arguments(null, WARM, Phase.FAILED, ReasonCode.VMM_DIED),
                arguments(null, PAUSED, Phase.FAILED, ReasonCode.VMM_DIED),
                arguments(OWNER, PAUSED, Phase.FAILED, ReasonCode.VMM_DIED),
                arguments(OWNER, RUNNING, Phase.FAILED, ReasonCode.VMM_DIED),
                arguments(OWNER, DRAINING, Phase.STOPPED, WISH.code()),
                arguments(OWNER, STOPPING, Phase.STOPPED, WISH.code()),
                arguments(OWNER, STOPPED, Phase.STOPPED, WISH.code()),
                arguments(OWNER, FAILED, Phase.FAILED, ReasonCode.VMM_DIED));
    }

    @ParameterizedTest(name = "{1}")
    @MethodSource("livesThatAreGone")
    void aVmWhoseProcessIsGoneHasEnded(Owner owner, VmState state, Phase end, ReasonCode code) {
        rig.adoptWithoutProcess(owner, state);

        assertThat(rig.gone().phase()).isEqualTo(end);
        assertThat(rig.last().state().reason().code()).isEqualTo(code);
        assertThat(rig.hypervisor.calls()).isEmpty();
    }

    static Stream<Arguments> livesWithAGuest() {
        return livesThatAreGone()
                .filter(row -> row.get()[1] != STARTING
                        && !((VmState) row.get()[1]).phase().ended());
    }

    @ParameterizedTest(name = "{1}")
    @MethodSource("livesWithAGuest")
    void aVmWhoseGuestHasEndedIsEnded(Owner owner, VmState state, Phase end, ReasonCode code) {
        rig.adopt(owner, state, Inspection.ENDED);

        assertThat(rig.gone().phase()).isEqualTo(end);
        assertThat(rig.last().state().reason().code()).isEqualTo(code);
        assertThat(rig.hypervisor.calls()).doesNotContain(Call.RESUME, Call.STOP);
    }

    static Stream<VmState> ended() {
        return Stream.of(STOPPED, FAILED);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("ended")
    void whatIsLeftOfAnEndedVmIsRemoved(VmState state) {
        rig.adopt(OWNER, state, Inspection.RUNNING);

        assertThat(rig.gone().state()).isEqualTo(state);
    }

    @Test
    void whatAGuestSaidBeforeItsEndIsHeardAfterwards() {
        rig.ground.guestSaidGoodbye(new GuestExit(0, null));

        rig.adoptWithoutProcess(OWNER, RUNNING);

        assertThat(rig.gone().phase()).isEqualTo(Phase.STOPPED);
    }

    @Test
    void anotherProcessThanTheRowsIsNotTheVm() {
        var former = new VmmProcess(PROCESS.pid(), PROCESS.startTicks() - 1);

        rig.adoptWithoutProcess(OWNER, new VmState.Running(NOW, former, true));

        assertThat(rig.gone().state().reason().code()).isEqualTo(ReasonCode.VMM_DIED);
    }

    @Test
    void aHypervisorThatIsSilentIsNotKilled() {
        rig.hypervisor.fail(Call.ADOPT, ReasonCode.HYPERVISOR_SILENT, "no answer within 2 s");

        rig.adopt(OWNER, RUNNING, Inspection.RUNNING);

        rig.check(200);
        rig.untilAlarms(1);
        assertThat(rig.last().serving()).isTrue();
        assertThat(rig.hypervisor.alive()).isTrue();
    }

    @Test
    void aSilentHypervisorsGuestEndsOnlyWhenItsHealthSaysSo() {
        rig.hypervisor.fail(Call.ADOPT, ReasonCode.HYPERVISOR_SILENT, "no answer within 2 s");
        rig.adopt(null, WARM, Inspection.RUNNING);

        rig.check(500);
        rig.check(500);
        rig.check(500);

        assertThat(rig.gone().state().reason().code()).isEqualTo(ReasonCode.UNHEALTHY);
    }

    @ParameterizedTest
    @EnumSource(
            value = ReasonCode.class,
            names = {"HYPERVISOR_REFUSED", "CONFIGURE_FAILED"})
    void aProcessThatIsNoMachineOfOursEndsTheVm(ReasonCode code) {
        rig.hypervisor.fail(Call.ADOPT, code, "it is another machine");

        rig.adopt(OWNER, RUNNING, Inspection.RUNNING);

        assertThat(rig.gone().state().reason().code()).isEqualTo(code);
    }
}
