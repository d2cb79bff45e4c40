package dev.vmplane.hypervisor.contract;

import static dev.vmplane.host.HostRig.await;
import static dev.vmplane.model.ReasonCode.HYPERVISOR_REFUSED;
import static dev.vmplane.model.ReasonCode.HYPERVISOR_SILENT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.vmplane.hypervisor.Inspection;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What can be asked of a machine between its launch and its end. */
interface LifeFacts extends Facts {

    @Test
    default void configuringMayBeRepeated() {
        launched(machine());

        await(hypervisor().configure(machine()));
        await(hypervisor().configure(machine()));
        await(hypervisor().boot(machine()));
        await(hypervisor().configure(machine()));

        assertThat(await(hypervisor().inspect(machine()))).isEqualTo(Inspection.RUNNING);
    }

    @Test
    default void bootingMayBeRepeated() {
        running(machine());

        await(hypervisor().boot(machine()));

        assertThat(await(hypervisor().inspect(machine()))).isEqualTo(Inspection.RUNNING);
    }

    @Test
    default void aMachineSaysWhatItIsDoing() {
        var process = launched(machine());
        assertThat(await(hypervisor().inspect(machine()))).isEqualTo(Inspection.NOT_STARTED);
        await(hypervisor().configure(machine()));
        assertThat(await(hypervisor().inspect(machine()))).isEqualTo(Inspection.NOT_STARTED);
        await(hypervisor().boot(machine()));
        assertThat(await(hypervisor().inspect(machine()))).isEqualTo(Inspection.RUNNING);
        await(hypervisor().pause(machine()));
        assertThat(await(hypervisor().inspect(machine()))).isEqualTo(Inspection.PAUSED);
        await(hypervisor().kill(machine(), process));

        assertThat(failureOf(hypervisor().inspect(machine()))).isEqualTo(HYPERVISOR_SILENT);
    }

    @Test
    default void pausingMayBeRepeated() {
        paused(machine());

        await(hypervisor().pause(machine()));

        assertThat(await(hypervisor().inspect(machine()))).isEqualTo(Inspection.PAUSED);
    }

    @Test
    default void resumingMayBeRepeated() {
        paused(machine());

        await(hypervisor().resume(machine()));
        await(hypervisor().resume(machine()));

        assertThat(await(hypervisor().inspect(machine()))).isEqualTo(Inspection.RUNNING);
    }

    @Test
    default void resumingWhatWasNeverPausedChangesNothing() {
        running(machine());

        await(hypervisor().resume(machine()));

        assertThat(await(hypervisor().inspect(machine()))).isEqualTo(Inspection.RUNNING);
    }

    @Test
    default void aMachineThatNeverStartedCannotBePausedOrResumed() {
        configured(machine());

        assertThat(failureOf(hypervisor().pause(machine()))).isEqualTo(HYPERVISOR_REFUSED);
        assertThat(failureOf(hypervisor().resume(machine()))).isEqualTo(HYPERVISOR_REFUSED);

        assertThat(await(hypervisor().inspect(machine()))).isEqualTo(Inspection.NOT_STARTED);
    }

    /** Before its driver is up, a guest has nothing to say about memory, and some hypervisors say so. */
    @Test
    default void aGuestIsAskedForMemoryAndGivenItBack() {
        assumeTrue(rig().traits().guestsRun(), "guests do not come up on this host");
        running(machine());
        await(rig().guestStarted(machine()));

        await(hypervisor().reclaim(machine(), 64));
        await(hypervisor().reclaim(machine(), 64));
        await(hypervisor().reclaim(machine(), 0));

        assertThat(await(hypervisor().inspect(machine()))).isEqualTo(Inspection.RUNNING);
    }

    @Test
    default void aMachineThatNeverStartedHasNoMemoryToGive() {
        configured(machine());

        assertThat(failureOf(hypervisor().reclaim(machine(), 64))).isEqualTo(HYPERVISOR_REFUSED);
    }

    @Test
    default void aRestartedControlPlaneAdoptsWhatRuns() {
        var process = running(machine());
        var successor = rig().hypervisor();

        var found = await(rig().processes().running());
        var adopted = await(successor.adopt(machine(), process));

        assertThat(found).containsExactly(Map.entry(machine().vmId(), process));
        assertThat(adopted).isEqualTo(Inspection.RUNNING);
        await(successor.pause(machine()));
        assertThat(await(hypervisor().inspect(machine()))).isEqualTo(Inspection.PAUSED);
    }

    @Test
    default void aRestartedControlPlaneAdoptsWhatIsPaused() {
        var process = paused(machine());
        var successor = rig().hypervisor();

        assertThat(await(successor.adopt(machine(), process))).isEqualTo(Inspection.PAUSED);
        await(successor.resume(machine()));

        assertThat(await(successor.inspect(machine()))).isEqualTo(Inspection.RUNNING);
    }

    @Test
    default void aMachineThatNeverStartedIsAdoptedAsThat() {
        var process = configured(machine());

        assertThat(await(rig().hypervisor().adopt(machine(), process))).isEqualTo(Inspection.NOT_STARTED);
    }

    @Test
    default void aMachineThatIsGoneCannotBeAdopted() {
        var process = running(machine());
        await(hypervisor().kill(machine(), process));

        assertThat(failureOf(rig().hypervisor().adopt(machine(), process))).isEqualTo(HYPERVISOR_SILENT);
    }
}
