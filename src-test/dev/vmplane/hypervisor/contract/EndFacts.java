package dev.vmplane.hypervisor.contract;

import static dev.vmplane.host.HostRig.await;
import static dev.vmplane.model.ReasonCode.HYPERVISOR_SILENT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.vmplane.host.ProcessEnd;
import dev.vmplane.hypervisor.Inspection;
import dev.vmplane.hypervisor.Machine;
import dev.vmplane.model.VmmProcess;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How a machine ends: asked, killed, or by itself. */
interface EndFacts extends Facts {
    /** What a machine can be doing when it is killed. */
    enum Doing {
        WAITING,
        CONFIGURED,
        RUNNING,
        PAUSED,
        DEAF
    }

    @Test
    default void aGuestThatIsAskedToEndEnds() {
        assumeTrue(rig().traits().guestsRun(), "guests do not come up on this host");
        var process = running(machine());
        await(rig().guestStarted(machine()));

        await(hypervisor().stop(machine()));

        await(hypervisor().ended(machine(), process));
        assertThat(runs(process)).isFalse();
    }

    @Test
    default void aPausedGuestThatIsAskedToEndEnds() {
        assumeTrue(rig().traits().guestsRun(), "guests do not come up on this host");
        var process = running(machine());
        await(rig().guestStarted(machine()));
        await(hypervisor().pause(machine()));

        await(hypervisor().stop(machine()));

        await(hypervisor().ended(machine(), process));
        assertThat(runs(process)).isFalse();
    }

    @Test
    default void aRunningMachineTakesTheWishToEnd() {
        running(machine());

        await(hypervisor().stop(machine()));
    }

    @Test
    default void aPausedMachineTakesTheWishToEnd() {
        paused(machine());

        await(hypervisor().stop(machine()));
    }

    @Test
    default void theWishToEndDoesNotStartWhatNeverStarted() {
        configured(machine());

        await(hypervisor().stop(machine()).otherwiseEmpty());

        assertThat(await(hypervisor().inspect(machine()))).isEqualTo(Inspection.NOT_STARTED);
    }

    @Test
    default void aMachineThatIsGoneNeedsNoAskingToEnd() {
        var process = running(machine());
        await(hypervisor().kill(machine(), process));

        await(hypervisor().stop(machine()));
    }

    @ParameterizedTest(name = "{0}")
    @EnumSource
    default void aKilledMachineLeavesNoProcessAndNobodyWhoListens(Doing doing) {
        var process = brought(machine(), doing);

        await(hypervisor().kill(machine(), process));

        assertThat(runs(process)).isFalse();
        assertThat(failureOf(hypervisor().inspect(machine()))).isEqualTo(HYPERVISOR_SILENT);
    }

    @Test
    default void killingMayBeRepeated() {
        var process = running(machine());

        await(hypervisor().kill(machine(), process));
        await(hypervisor().kill(machine(), process));

        assertThat(runs(process)).isFalse();
    }

    @Test
    default void aProcessThatOnlyHasThePidIsNotKilled() {
        var process = running(machine());
        var former = new VmmProcess(process.pid(), process.startTicks() + 1_000_000);

        await(hypervisor().kill(machine(), former));

        assertThat(runs(process)).isTrue();
    }

    @Test
    default void theProcessOfAnotherMachineIsNotKilled() {
        assumeFalse(rig().traits().simulated(), "simulated processes are known by a number that is given once");
        var other = launched(rig().machine(2));

        await(hypervisor().kill(machine(), other));

        assertThat(runs(other)).isTrue();
    }

    @Test
    default void aKilledProcessHasEndedForWhoeverWatchesIt() {
        var process = running(machine());
        var ended = hypervisor().ended(machine(), process);

        await(hypervisor().kill(machine(), process));

        assertThat(await(ended)).isIn(ProcessEnd.UNKNOWN, new ProcessEnd(null, 9));
    }

    @Test
    default void aProcessThatEndedBeforeItIsWatchedHasEnded() {
        var process = running(machine());
        await(hypervisor().kill(machine(), process));

        assertThat(await(hypervisor().ended(machine(), process))).isIn(ProcessEnd.UNKNOWN, new ProcessEnd(null, 9));
    }

    @Test
    default void aProcessThatDiesByItselfHasEnded() {
        var process = running(machine());
        var ended = hypervisor().ended(machine(), process);

        await(rig().strike(machine(), process));

        assertThat(await(ended)).isIn(ProcessEnd.UNKNOWN, new ProcessEnd(null, 9));
    }

    @Test
    default void nobodyIsToldOfTheEndOfWhatWasReleased() {
        var process = launched(machine());
        var released = hypervisor().ended(machine(), process);
        hypervisor().release(machine(), process);
        var other = rig().machine(2);
        var later = launched(other);
        var told = hypervisor().ended(other, later);

        await(hypervisor().kill(machine(), process));
        await(hypervisor().kill(other, later));

        await(told);
        assertThat(released.isComplete()).isFalse();
    }

    private VmmProcess brought(Machine machine, Doing doing) {
        return switch (doing) {
            case WAITING -> launched(machine);
            case CONFIGURED -> configured(machine);
            case RUNNING -> running(machine);
            case PAUSED -> paused(machine);
            case DEAF -> deaf(machine);
        };
    }
}
