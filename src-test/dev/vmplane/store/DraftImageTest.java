package dev.vmplane.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.vmplane.Pictures;
import dev.vmplane.Specs;
import dev.vmplane.model.Changes;
import dev.vmplane.model.EventType;
import dev.vmplane.model.GuestExit;
import dev.vmplane.model.Image;
import dev.vmplane.model.Intents;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import dev.vmplane.model.Spec;
import dev.vmplane.model.VmState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** When an image comes into being, what it is called, how far it is, and when it may go. */
class DraftImageTest {
    private static final String ONE = Pictures.digest('a');
    private static final String TWO = Pictures.digest('b');
    private static final String NAME = "localhost/app:1";

    private final Books books = new Books();

    @Test
    void anImageThatIsAskedForTheFirstTimeIsOnItsWay() {
        var image = put(ONE, NAME);

        assertThat(image).isEqualTo(books.ledger.images().image(ONE));
        assertThat(image.state()).isEqualTo(Image.State.PULLING);
        assertThat(image.config()).isEqualTo(Pictures.CONFIG);
        assertThat(image.node()).isEqualTo("here");
        assertThat(books.ledger.images().named(NAME)).isEqualTo(image);
        assertThat(books.told()).containsExactly(EventType.IMAGE_PULLING);
    }

    @Test
    void askedForOnceMoreNothingChanges() {
        put(ONE, NAME);

        put(ONE, NAME);

        assertThat(books.last).isEqualTo(Changes.NONE);
    }

    @Test
    void anImageHasEveryNameItWasAskedForBy() {
        put(ONE, "localhost/app:2");

        var image = put(ONE, NAME);

        assertThat(image.references()).containsExactly(NAME, "localhost/app:2");
        assertThat(books.told()).containsExactly(EventType.IMAGE_TAGGED);
        assertThat(books.factsOf(EventType.IMAGE_TAGGED))
                .containsEntry("reference", NAME)
                .containsEntry("tagged", true);
    }

    @Test
    void aNameBelongsToOneImageAtATime() {
        put(ONE, NAME);

        put(TWO, NAME);

        assertThat(books.ledger.images().named(NAME).digest()).isEqualTo(TWO);
        assertThat(books.ledger.images().image(ONE).references()).isEmpty();
        assertThat(books.told()).containsExactly(EventType.IMAGE_TAGGED, EventType.IMAGE_PULLING);
        assertThat(books.factsOf(EventType.IMAGE_TAGGED))
                .containsEntry("digest", ONE)
                .containsEntry("tagged", false);
    }

    @Test
    void aNameMovesBetweenImagesThatAreThere() {
        put(ONE, NAME);
        put(TWO, "localhost/app:2");

        put(TWO, NAME);

        assertThat(books.ledger.images().named(NAME).digest()).isEqualTo(TWO);
        assertThat(books.ledger.images().image(ONE).references()).isEmpty();
    }

    @Test
    void namesThatMoveInOneTransactionAreKnownInIt() {
        books.commit(draft -> {
            draft.images().put(Pictures.put(ONE, NAME));
            draft.images().put(Pictures.put(TWO, NAME));
            return draft.images().put(Pictures.put(ONE, NAME));
        });

        assertThat(books.ledger.images().named(NAME).digest()).isEqualTo(ONE);
        assertThat(books.ledger.images().image(TWO).references()).isEmpty();
    }

    @Test
    void namesHaveABound() {
        for (var n = 0; n < 256; n++) {
            put(ONE, "localhost/app:" + n);
        }

        assertThat(refused(draft -> draft.images().put(Pictures.put(ONE, "localhost/app:more")))
                        .code())
                .isEqualTo("too_many_names");
    }

    @Test
    void progressIsToldWhenThereIsAny() {
        put(ONE, NAME);
        var further = new Image.Progress(1024, 4096, 1, 2);

        moved(draft -> draft.images().moved(Pictures.pulling(ONE, further)));
        var told = books.told();
        moved(draft -> draft.images().moved(Pictures.pulling(ONE, further)));

        assertThat(told).containsExactly(EventType.IMAGE_PROGRESS);
        assertThat(books.last).isEqualTo(Changes.NONE);
        assertThat(books.ledger.images().image(ONE).progress()).isEqualTo(further);
    }

    @Test
    void anImageThatIsThereSaysHowLargeItIs() {
        put(ONE, NAME);

        ready(ONE);

        var image = books.ledger.images().image(ONE);
        assertThat(image.state()).isEqualTo(Image.State.READY);
        assertThat(image.bytes()).isEqualTo(8192);
        assertThat(books.told()).containsExactly(EventType.IMAGE_READY);
    }

    @Test
    void eachFailureWaitsLongerThanTheOneBefore() {
        put(ONE, NAME);
        var waits = new ArrayList<Long>();
        for (var n = 0; n < 7; n++) {
            var image = failed(ONE);
            waits.add(Duration.between(books.now, image.nextTry()).toSeconds());
        }

        assertThat(waits).containsExactly(10L, 20L, 40L, 80L, 160L, 300L, 300L);
        assertThat(books.factsOf(EventType.IMAGE_FAILED))
                .containsEntry("detail", "the registry is closed")
                .containsEntry("failures", 7);
    }

    @Test
    void anImageThatFailedIsFetchedAgainWhenSomebodyAsksForIt() {
        put(ONE, NAME);
        failed(ONE);

        var image = put(ONE, NAME);

        assertThat(image.state()).isEqualTo(Image.State.PULLING);
        assertThat(image.failures()).isEqualTo(1);
        assertThat(image.nextTry()).isNull();
        assertThat(books.told()).containsExactly(EventType.IMAGE_PULLING);
    }

    @Test
    void anImageThatIsThereHasNoFailuresBehindIt() {
        put(ONE, NAME);
        failed(ONE);

        ready(ONE);

        var image = books.ledger.images().image(ONE);
        assertThat(image.failures()).isZero();
        assertThat(image.trouble()).isNull();
    }

    @Test
    void anImageWhoseFileIsGoneIsFetchedAgain() {
        put(ONE, NAME);
        ready(ONE);

        moved(draft -> draft.images().moved(Pictures.pulling(ONE, Pictures.NOTHING_YET)));

        assertThat(books.ledger.images().image(ONE).state()).isEqualTo(Image.State.PULLING);
        assertThat(books.ledger.images().image(ONE).bytes()).isZero();
        assertThat(books.told()).containsExactly(EventType.IMAGE_PULLING);
    }

    @Test
    void anImageLosesANameAndStays() {
        put(ONE, NAME);

        moved(draft -> draft.images().untag(NAME));

        assertThat(books.ledger.images().named(NAME)).isNull();
        assertThat(books.ledger.images().image(ONE).references()).isEmpty();
        assertThat(refused(draft -> draft.images().untag(NAME)).kind()).isEqualTo(Refusal.Kind.NOT_FOUND);
    }

    @Test
    void aWishForAnImageThatNobodyKnowsIsRefused() {
        var refusal = refused(draft -> draft.putJob(Books.put("web", booted(ONE))));

        assertThat(refusal.kind()).isEqualTo(Refusal.Kind.CONFLICT);
        assertThat(refusal.code()).isEqualTo("image_unknown");
    }

    @Test
    void aWishForAnImageThatIsOnItsWayIsTaken() {
        put(ONE, NAME);

        books.wish("web", booted(ONE));

        assertThat(books.ledger.viewOf("web").image().digest()).isEqualTo(ONE);
        assertThat(books.ledger.viewOf("web").imageAwaited())
                .contains(new Reason(
                        ReasonCode.IMAGE_PULLING, "image " + NAME + " is being fetched: 0 of 1 MiB, 0 of 2 layers"));
    }

    @Test
    void nothingIsMadeOfAnImageThatIsNotHereAnyMore() {
        var spec = Specs.withImage(Specs.service("red", 1, 1), Pictures.pinned(ONE));
        put(ONE, NAME);
        books.wish("web", spec);
        var hash = books.ledger.job("web").specHash();
        var intents =
                new Intents(List.of(new Intents.Place("web", 0, 1)), List.of(new Intents.Warm(hash, 1)), List.of());

        books.commit(draft -> draft.intend(intents));
        var early = books.last.vms();
        ready(ONE);
        books.commit(draft -> draft.intend(intents));

        assertThat(early).isEmpty();
        assertThat(books.last.vms()).hasSize(2);
    }

    @Test
    void anImageThatAJobNamesIsNotDeleted() {
        put(ONE, NAME);
        books.wish("web", booted(ONE));

        var refusal = refused(draft -> draft.images().delete(ONE));

        assertThat(refusal.code()).isEqualTo("image_in_use");
        assertThat(refusal.message()).contains("job 'web' names it");
    }

    @Test
    void anImageIsNotDeletedBeforeNothingIsLeftOfItsVms() {
        put(ONE, NAME);
        ready(ONE);
        books.wish("web", booted(ONE));
        books.place("web", 0);
        books.delete("web");

        var refusal = refused(draft -> draft.images().delete(ONE));
        books.move(
                "vm-new-1", new VmState.Stopped(books.now, new Reason(ReasonCode.DELETED, "gone"), GuestExit.UNKNOWN));
        var stillRefused = refused(draft -> draft.images().delete(ONE));
        books.commit(draft -> draft.released("vm-new-1"));
        moved(draft -> draft.images().delete(ONE).image());

        assertThat(refusal.message()).contains("vm-new-1 was booted from it");
        assertThat(stillRefused.code()).isEqualTo("image_in_use");
        assertThat(books.ledger.images().image(ONE).state()).isEqualTo(Image.State.DELETING);
    }

    @Test
    void aWishAndAnEndInOneTransactionDoNotMiss() {
        put(ONE, NAME);

        var refusal = refused(draft -> {
            draft.putJob(Books.put("web", booted(ONE)));
            return draft.images().delete(ONE);
        });

        assertThat(refusal.code()).isEqualTo("image_in_use");
    }

    @Test
    void anImageThatIsToGoIsMarkedUntilItsFilesAreGone() {
        put(ONE, NAME);

        moved(draft -> draft.images().delete(ONE).image());
        assertThat(books.told()).containsExactly(EventType.IMAGE_DELETING);
        moved(draft -> draft.images().delete(ONE).image());
        assertThat(books.last).isEqualTo(Changes.NONE);
        books.commit(draft -> draft.images().removed(ONE));

        assertThat(books.ledger.images().image(ONE)).isNull();
        assertThat(books.ledger.images().named(NAME)).isNull();
        assertThat(books.told()).containsExactly(EventType.IMAGE_DELETED);
    }

    @Test
    void anImageThatIsToGoIsNotToBeHadAgain() {
        put(ONE, NAME);
        moved(draft -> draft.images().delete(ONE).image());

        assertThat(refused(draft -> draft.images().put(Pictures.put(ONE, NAME))).code())
                .isEqualTo("image_deleting");
        assertThat(refused(draft -> draft.images().moved(Pictures.ready(ONE))).code())
                .isEqualTo("image_deleting");
        assertThat(refused(draft -> draft.putJob(Books.put("web", booted(ONE)))).code())
                .isEqualTo("image_deleting");
    }

    @Test
    void whatHasNotBeenAskedToGoIsNotForgotten() {
        put(ONE, NAME);

        books.commit(draft -> draft.images().removed(ONE));

        assertThat(books.last).isEqualTo(Changes.NONE);
    }

    @ParameterizedTest
    @EnumSource(
            value = Image.State.class,
            names = {"PULLING", "READY", "FAILED"})
    void whatBecomesOfAnImageNobodyMadeIsNotFound(Image.State state) {
        var fact = switch (state) {
            case READY -> Pictures.ready(ONE);
            case FAILED -> Pictures.failed(ONE, "no");
            case PULLING, DELETING -> Pictures.pulling(ONE, Pictures.ALL);
        };

        assertThat(refused(draft -> draft.images().moved(fact)).kind()).isEqualTo(Refusal.Kind.NOT_FOUND);
    }

    private Image put(String digest, String reference) {
        return books.commit(draft -> draft.images().put(Pictures.put(digest, reference)));
    }

    private void ready(String digest) {
        moved(draft -> draft.images().moved(Pictures.ready(digest)));
    }

    private Image failed(String digest) {
        return books.commit(draft -> draft.images().moved(Pictures.failed(digest, "the registry is closed")));
    }

    private void moved(Function<Draft, Image> operation) {
        books.commit(operation);
    }

    private static Spec booted(String digest) {
        return Specs.withImage(Specs.service("red", 0, 0), Pictures.pinned(digest));
    }

    private Refusal refused(Function<Draft, ?> operation) {
        var refusals = new ArrayList<Refusal>();
        assertThatExceptionOfType(RefusedException.class)
                .isThrownBy(() -> books.commit(operation))
                .satisfies(thrown -> refusals.addAll(List.of(thrown.refusal())));
        return refusals.get(0);
    }
}
