package dev.vmplane.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Specs;
import dev.vmplane.bus.Address.DeleteJob;
import dev.vmplane.model.EventType;
import dev.vmplane.model.Intents;
import dev.vmplane.model.Phase;
import dev.vmplane.model.States;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Which VMs are still paused when the world has moved since that was decided. */
class DraftPauseTest {
    private final Books books = new Books();

    @BeforeEach
    void aPoolIsToBePaused() {
        books.wish("web", Specs.pausing(Specs.service("red", 1, 1, 0)));
    }

    @Test
    void aWarmVmOfNobodyIsPaused() {
        books.warm("vm-a", "red");

        pause("vm-a");

        assertThat(books.vm("vm-a").state()).isEqualTo(States.of(Phase.PAUSED, books.now));
        assertThat(books.told()).containsExactly(EventType.VM_PHASE);
    }

    @ParameterizedTest
    @EnumSource(
            value = Phase.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"WARM"})
    void whatIsNotWarmIsLeftAsItIs(Phase phase) {
        books.there("vm-a", "red", null, phase);

        pause("vm-a");

        assertThat(books.last.isEmpty()).isTrue();
    }

    @Test
    void aVmThatGotItsOwnerMeanwhileIsNotPaused() {
        books.owned("vm-a", "red", "web", Phase.WARM);

        pause("vm-a");

        assertThat(books.last.isEmpty()).isTrue();
    }

    @Test
    void aPoolThatIsToRunInTheSameTransactionPausesNothing() {
        books.warm("vm-a", "red");

        books.commit(draft -> {
            draft.putJob(Books.put("web", Specs.service("red", 1, 1, 0)));
            return draft.intend(pausing("vm-a"));
        });

        assertThat(books.phase("vm-a")).isEqualTo(Phase.WARM);
    }

    @Test
    void aPoolThatNobodyWantsAnyMorePausesNothing() {
        books.warm("vm-a", "red");

        books.commit(draft -> {
            draft.deleteJob(new DeleteJob("web", null));
            return draft.intend(pausing("vm-a"));
        });

        assertThat(books.phase("vm-a")).isEqualTo(Phase.WARM);
    }

    @Test
    void aVmThatIsGoneIsNotPaused() {
        pause("vm-a");

        assertThat(books.last.isEmpty()).isTrue();
    }

    private void pause(String vmId) {
        books.commit(draft -> draft.intend(pausing(vmId)));
    }

    private static Intents pausing(String vmId) {
        return new Intents(List.of(), List.of(), List.of(), List.of(vmId), List.of());
    }
}
