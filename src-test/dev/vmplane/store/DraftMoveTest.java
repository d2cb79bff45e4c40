package dev.vmplane.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Specs;
import dev.vmplane.bus.Address.Moved;
import dev.vmplane.model.EventType;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import dev.vmplane.model.States;
import dev.vmplane.model.VmState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Which facts a VM tells are believed, and what a VM that serves does to the others of its replica. */
class DraftMoveTest {
    private final Books books = new Books();

    @Test
    void aMoveFromAnotherPhaseThanTheRowsIsRefused() {
        books.owned("vm-a", "red", "web", Phase.STOPPING);

        var refusal = refused("vm-a", Phase.BOOTING, Phase.RUNNING);

        assertThat(refusal.kind()).isEqualTo(Refusal.Kind.CONFLICT);
        assertThat(refusal.message()).isEqualTo("vm vm-a cannot become RUNNING: it is STOPPING");
        assertThat(books.phase("vm-a")).isEqualTo(Phase.STOPPING);
    }

    @ParameterizedTest
    @EnumSource(
            value = Phase.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"STOPPED", "FAILED"})
    void anEndIsBelievedWhateverTheTellerThoughtBefore(Phase phase) {
        books.owned("vm-a", "red", "web", phase);

        var ended = books.commit(
                draft -> draft.moved(new Moved("vm-a", Phase.PENDING, States.of(Phase.FAILED, books.now))));

        assertThat(ended.phase()).isEqualTo(Phase.FAILED);
        assertThat(books.vm("vm-a")).isEqualTo(ended);
    }

    @ParameterizedTest
    @EnumSource(
            value = Phase.class,
            names = {"STOPPED", "FAILED"})
    void aVmThatHasEndedDoesNotMove(Phase end) {
        books.owned("vm-a", "red", "web", end);

        var refusal = refused("vm-a", end, Phase.STOPPED);

        assertThat(refusal.code()).isEqualTo("vm_not_found");
    }

    @Test
    void aVmWithoutARowDoesNotMove() {
        assertThat(refused("vm-a", Phase.BOOTING, Phase.RUNNING).kind()).isEqualTo(Refusal.Kind.NOT_FOUND);
    }

    @Test
    void aVmWithoutAnOwnerDoesNotRun() {
        books.there("vm-a", "red", null, Phase.BOOTING);

        assertThat(refused("vm-a", Phase.BOOTING, Phase.RUNNING).code()).isEqualTo("vm_moved");
    }

    @ParameterizedTest
    @EnumSource(
            value = Phase.class,
            names = {"WARM", "PAUSED"})
    void aVmWithAnOwnerDoesNotBecomeOneThatWaitsForAnOwner(Phase phase) {
        books.owned("vm-a", "red", "web", Phase.BOOTING);

        assertThat(refused("vm-a", Phase.BOOTING, phase).code()).isEqualTo("vm_moved");
    }

    @Test
    void aChangeOfHealthIsToldAsSuch() {
        books.wish("web", Specs.service("red", 0, 0));
        var running = (VmState.Running)
                books.owned("vm-a", "red", "web", Phase.RUNNING).state();

        books.move("vm-a", running.withHealth(false, books.now));

        assertThat(books.told()).containsExactly(EventType.VM_HEALTH);
        assertThat(books.factsOf(EventType.VM_HEALTH)).containsEntry("healthy", false);
        assertThat(books.vm("vm-a").serving()).isFalse();
    }

    @ParameterizedTest(name = "the former VM goes from {0} to {1}")
    @CsvSource({"RUNNING, DRAINING", "BOOTING, STOPPING", "PENDING, STOPPING"})
    void aVmThatRunsReplacesTheFormerOneOfItsReplica(Phase before, Phase after) {
        books.wish("web", Specs.service("red", 0, 0));
        books.owned("vm-old", "red", "web", before);
        books.wish("web", Specs.service("blue", 0, 0));
        books.owned("vm-new", "blue", "web", Phase.BOOTING);

        books.move("vm-new", States.of(Phase.RUNNING, books.now));

        assertThat(books.phase("vm-old")).isEqualTo(after);
        assertThat(books.last.vms()).hasSize(2);
    }

    @Test
    void aFormerVmWhoseHealthChangesLeavesItsSuccessorAlone() {
        books.wish("web", Specs.service("red", 0, 0));
        var running = (VmState.Running)
                books.owned("vm-old", "red", "web", Phase.RUNNING).state();
        books.wish("web", Specs.service("blue", 0, 0));
        books.owned("vm-new", "blue", "web", Phase.BOOTING);

        books.move("vm-old", running.withHealth(false, books.now));

        assertThat(books.phase("vm-new")).isEqualTo(Phase.BOOTING);
    }

    @Test
    void aVmOfAFormerSpecServesUntilItsSuccessorIsUp() {
        books.wish("web", Specs.service("red", 0, 0));
        books.owned("vm-old", "red", "web", Phase.BOOTING);
        books.wish("web", Specs.service("blue", 0, 0));
        books.owned("vm-new", "blue", "web", Phase.BOOTING);

        books.move("vm-old", States.of(Phase.RUNNING, books.now));

        assertThat(books.vm("vm-old").serving()).isTrue();
        assertThat(books.phase("vm-new")).isEqualTo(Phase.BOOTING);
    }

    @Test
    void aVmOfASpecThatWasTakenBackDoesNotReplaceTheOneThatServes() {
        books.wish("web", Specs.service("red", 0, 0));
        books.owned("vm-good", "red", "web", Phase.RUNNING);
        books.wish("web", Specs.service("blue", 0, 0));
        books.owned("vm-late", "blue", "web", Phase.BOOTING);
        books.wish("web", Specs.service("red", 0, 0));

        var answer = books.move("vm-late", States.of(Phase.RUNNING, books.now));

        assertThat(answer.phase()).isEqualTo(Phase.DRAINING);
        assertThat(books.vm("vm-late")).isEqualTo(answer);
        assertThat(books.vm("vm-good").serving()).isTrue();
    }

    private Refusal refused(String vmId, Phase from, Phase to) {
        try {
            books.commit(draft -> draft.moved(new Moved(vmId, from, States.of(to, books.now))));
        } catch (RefusedException refused) {
            return refused.refusal();
        }
        throw new AssertionError("it was not refused");
    }
}
