package dev.vmplane.store;

import static dev.vmplane.store.Books.put;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.vmplane.Specs;
import dev.vmplane.bus.Address.DeleteJob;
import dev.vmplane.bus.Address.PutAnswer;
import dev.vmplane.bus.Address.PutJob;
import dev.vmplane.model.Changes;
import dev.vmplane.model.Guard;
import dev.vmplane.model.KeptAnswer;
import dev.vmplane.model.Once;
import dev.vmplane.model.RefusedException;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Writes that are done once, however often they are sent. */
class AnswersTest {
    private static final Once KEY = new Once("", "key-1", "print");
    private static final KeptAnswer ANSWER = new KeptAnswer(202, "{}", "/vms/web", "\"1\"");

    private final Books books = new Books();

    @Test
    void aWriteIsDoneOnceAndSaysTheSameAgain() {
        var first = write(wish("red"));
        write(put("web", Specs.service("blue", 0, 0)));

        var again = write(wish("red"));

        assertThat(first.created()).isTrue();
        assertThat(again.created()).isTrue();
        assertThat(again.job().generation()).isEqualTo(2);
        assertThat(books.last).isEqualTo(Changes.NONE);
    }

    @Test
    void aWriteThatIsSentTwiceInOneTransactionIsDoneOnce() {
        books.commit(draft -> {
            draft.putJob(wish("red"));
            return draft.putJob(wish("red"));
        });

        assertThat(books.last.events()).hasSize(1);
    }

    @Test
    void anotherRequestCannotHaveTheKey() {
        write(wish("red"));

        var other = wish("red").with(new Once("", "key-1", "another print"));

        assertThatExceptionOfType(RefusedException.class)
                .isThrownBy(() -> write(other))
                .satisfies(refused -> assertThat(refused.refusal().code()).isEqualTo("idempotency_key_reused"));
    }

    @Test
    void anotherTenantMayHaveTheSameKey() {
        write(wish("red").with(new Once("acme", "key-1", "print")));

        var other = write(put("db", Specs.service("red", 0, 0)).with(new Once("rival", "key-1", "another print")));

        assertThat(other.created()).isTrue();
    }

    @Test
    void aWriteThatWasDoneIsNotRefusedForWhatItHasChangedItself() {
        write(put("web", Specs.service("red", 0, 0)));
        var guarded = wish("blue").with(Guard.of(Set.of(1L)));
        write(guarded);

        assertThat(write(guarded).job().generation()).isEqualTo(2);
    }

    @Test
    void whatWasRefusedIsNotRemembered() {
        var guarded = wish("red").with(Guard.THERE);
        assertThatExceptionOfType(RefusedException.class).isThrownBy(() -> write(guarded));

        assertThat(write(wish("red").with(new Once("", "key-1", "another print")))
                        .created())
                .isTrue();
    }

    @Test
    void aJobThatIsGoneIsNotMadeAgain() {
        write(wish("red"));
        books.delete("web");

        assertThatExceptionOfType(RefusedException.class)
                .isThrownBy(() -> write(wish("red")))
                .withMessageContaining("does not exist any more");
        assertThat(books.ledger.job("web")).isNull();
    }

    @Test
    void theFirstAnswerStands() {
        write(wish("red"));

        assertThat(keep()).isTrue();
        assertThat(keep()).isFalse();
    }

    @Test
    void theEndOfAJobIsAnsweredInTheTransactionThatEndsIt() {
        write(put("web", Specs.service("red", 0, 0)));
        var end = new DeleteJob("web", null, Guard.NONE, KEY, ANSWER);

        books.commit(draft -> draft.deleteJob(end));
        var again = books.commit(draft -> draft.deleteJob(end));

        assertThat(again).isEqualTo(books.ledger.seq());
        assertThat(keep()).isFalse();
    }

    @Test
    void aKeyIsFreeAfterADay() {
        write(wish("red"));
        books.pass(Duration.ofHours(24));

        var other = write(wish("blue").with(new Once("", "key-1", "another print")));

        assertThat(other.changed()).isTrue();
    }

    @Test
    void whatIsPastIsForgotten() {
        write(wish("red"));
        books.pass(Duration.ofHours(23));
        write(put("db", Specs.service("red", 0, 0)).with(new Once("", "key-2", "print")));
        books.pass(Duration.ofHours(1));

        books.commit(draft -> draft.answers().forgetPast());

        assertThat(books.ledger.done().size()).isEqualTo(1);
    }

    @Test
    void ofTooManyTheOldestAreForgotten() {
        write(wish("red"));
        for (var n = 0; n < DoneBook.MOST; n++) {
            write(wish("red").with(new Once("", "more-" + n, "print")));
        }

        assertThat(books.ledger.done().size()).isEqualTo(DoneBook.MOST);
        assertThat(books.ledger.done().find(KEY.id(), books.now)).isNull();
    }

    private static PutJob wish(String colour) {
        return put("web", Specs.service(colour, 0, 0)).with(KEY);
    }

    private PutAnswer write(PutJob put) {
        return books.commit(draft -> draft.putJob(put));
    }

    private boolean keep() {
        return books.commit(draft -> draft.answers().keep(KEY, ANSWER));
    }
}
