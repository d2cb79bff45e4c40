package dev.vmplane.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Specs;
import dev.vmplane.model.Completion;
import dev.vmplane.model.EventType;
import dev.vmplane.model.Intents;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Spec;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** When a job that has ended is forgotten by itself. */
class DraftExpireTest {
    private static final Duration TIME_TO_LIVE = Duration.ofMinutes(5);
    private static final Spec BATCH = Specs.completing(Specs.job("red", 2), new Completion(null, TIME_TO_LIVE));

    private final Books books = new Books();

    @BeforeEach
    void aJobHasRun() {
        books.wish("batch", BATCH);
        books.owned("vm-a", "red", "batch", Phase.RUNNING);
        books.pass(Duration.ofHours(1));
    }

    @Test
    void itGoesWithItsRowsWhenItsTimeIsOver() {
        books.exit("vm-a", 0);
        books.commit(draft -> draft.released("vm-a"));
        books.pass(TIME_TO_LIVE);

        expire(1);

        assertThat(books.ledger.job("batch")).isNull();
        assertThat(books.vm("vm-a")).isNull();
        assertThat(books.retry("batch")).isNull();
        assertThat(books.told()).containsExactly(EventType.JOB_DELETED, EventType.VM_FORGOTTEN);
        assertThat(books.factsOf(EventType.JOB_DELETED)).containsEntry("reason", "expired");
    }

    @Test
    void itStaysUntilThen() {
        books.exit("vm-a", 0);
        books.pass(TIME_TO_LIVE.minusMillis(1));

        expire(1);

        assertThat(books.last.isEmpty()).isTrue();
    }

    @Test
    void theTimeBeginsWithTheLastAttempt() {
        books.exit("vm-a", 1);
        books.owned("vm-b", "red", "batch", Phase.RUNNING);
        books.pass(Duration.ofHours(1));
        books.exit("vm-b", 1);
        var end = books.now;

        books.pass(TIME_TO_LIVE.minusMillis(1));
        expire(1);
        var early = books.last.isEmpty();
        books.pass(Duration.ofMillis(1));
        expire(1);

        assertThat(early).isTrue();
        assertThat(books.now).isEqualTo(end.plus(TIME_TO_LIVE));
        assertThat(books.ledger.job("batch")).isNull();
    }

    @Test
    void aJobThatIsWantedAnewIsNotForgotten() {
        books.exit("vm-a", 0);
        books.pass(TIME_TO_LIVE);
        books.wish("batch", Specs.completing(Specs.job("blue", 2), BATCH.completion()));

        expire(1);
        expire(2);

        assertThat(books.ledger.job("batch")).isNotNull();
    }

    @Test
    void aJobThatWantsToBeRememberedLongerIs() {
        books.exit("vm-a", 0);
        books.pass(TIME_TO_LIVE);
        books.wish("batch", Specs.completing(BATCH, new Completion(null, Duration.ofHours(1))));

        expire(2);

        assertThat(books.ledger.job("batch")).isNotNull();
    }

    private void expire(long generation) {
        books.commit(draft -> draft.intend(new Intents(
                List.of(), List.of(), List.of(), List.of(), List.of(new Intents.Expire("batch", generation)))));
    }
}
