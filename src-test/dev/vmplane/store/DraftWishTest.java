package dev.vmplane.store;

import static dev.vmplane.store.Books.hash;
import static dev.vmplane.store.Books.put;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.vmplane.Specs;
import dev.vmplane.bus.Address.DeleteJob;
import dev.vmplane.bus.Address.PutJob;
import dev.vmplane.model.Changes;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.EventType;
import dev.vmplane.model.Guard;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import dev.vmplane.model.Retry;
import dev.vmplane.model.Spec;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Whose a job is, and what counts as a change of it. */
class DraftWishTest {
    private final Books books = new Books();

    @Test
    void aNewJobBeginsWithItsFirstGeneration() {
        var answer = books.wish("web", Specs.service("red", 0, 0));

        assertThat(answer.created()).isTrue();
        assertThat(answer.job().generation()).isEqualTo(1);
        assertThat(answer.job().specHash()).isEqualTo(hash("red"));
        assertThat(answer.seq()).isEqualTo(books.ledger.seq());
        assertThat(books.told()).containsExactly(EventType.JOB_CREATED);
    }

    @Test
    void theSameWishAgainChangesNothing() {
        books.wish("web", Specs.service("red", 0, 0));

        var answer = books.wish("web", Specs.service("red", 0, 0));

        assertThat(answer.created()).isFalse();
        assertThat(answer.changed()).isFalse();
        assertThat(books.last).isEqualTo(Changes.NONE);
    }

    @Test
    void aChangeTellsWhichPoolTheJobHasLeft() {
        books.wish("web", Specs.service("red", 0, 0));

        var answer = books.wish("web", Specs.service("blue", 0, 0));

        assertThat(answer.created()).isFalse();
        assertThat(answer.job().generation()).isEqualTo(2);
        assertThat(books.factsOf(EventType.JOB_CHANGED)).containsEntry("former_spec_hash", hash("red"));
    }

    @Test
    void aJobOfAnotherTenantIsNotTaken() {
        books.wish("web", Specs.service("red", 0, 0));

        var refusal = refused(new PutJob("web", "rival", Specs.service("blue", 0, 0), DesiredVm.Source.API));

        assertThat(refusal.kind()).isEqualTo(Refusal.Kind.CONFLICT);
        assertThat(refusal.code()).isEqualTo("job_id_taken");
        assertThat(books.ledger.job("web").specHash()).isEqualTo(hash("red"));
    }

    @Test
    void aJobOfTheFileIsNotChangedThroughTheApi() {
        books.commit(draft ->
                draft.putJob(new PutJob("web", Books.TENANT, Specs.service("red", 0, 0), DesiredVm.Source.FILE)));

        var refusal = refused(put("web", Specs.service("blue", 0, 0)));

        assertThat(refusal.code()).isEqualTo("other_source");
        assertThat(refusal.message()).contains("change it there");
    }

    @Test
    void aJobOfTheApiIsNotChangedByTheFile() {
        books.wish("web", Specs.service("red", 0, 0));

        var refusal = refused(new PutJob("web", Books.TENANT, Specs.service("blue", 0, 0), DesiredVm.Source.FILE));

        assertThat(refusal.code()).isEqualTo("other_source");
        assertThat(refusal.message()).contains("delete it there first");
    }

    @Test
    void aWishForAnotherGenerationThanThereIsIsRefused() {
        books.wish("web", Specs.service("red", 0, 0));
        books.wish("web", Specs.service("blue", 0, 0));

        var refusal = refused(put("web", Specs.service("red", 0, 0)).with(Guard.of(Set.of(1L))));

        assertThat(refusal.kind()).isEqualTo(Refusal.Kind.OUTDATED);
        assertThat(refusal.message()).contains("its generation is 2");
        assertThat(books.ledger.job("web").specHash()).isEqualTo(hash("blue"));
    }

    @Test
    void aWishForTheGenerationThereIsHolds() {
        books.wish("web", Specs.service("red", 0, 0));

        var answer = books.commit(
                draft -> draft.putJob(put("web", Specs.service("blue", 0, 0)).with(Guard.of(Set.of(1L)))));

        assertThat(answer.job().generation()).isEqualTo(2);
    }

    @Test
    void ofTwoWishesForOneGenerationInOneTransactionTheFirstHolds() {
        books.wish("web", Specs.service("red", 0, 0));

        books.commit(draft -> {
            draft.putJob(put("web", Specs.service("blue", 0, 0)).with(Guard.of(Set.of(1L))));
            return assertThatExceptionOfType(RefusedException.class)
                    .isThrownBy(() -> draft.putJob(
                            put("web", Specs.service("green", 0, 0)).with(Guard.of(Set.of(1L)))));
        });

        assertThat(books.ledger.job("web").specHash()).isEqualTo(hash("blue"));
    }

    @Test
    void evenAWishThatChangesNothingMustBeForTheGenerationThereIs() {
        books.wish("web", Specs.service("red", 0, 0));

        assertThat(refused(put("web", Specs.service("red", 0, 0)).with(Guard.of(Set.of(7L))))
                        .code())
                .isEqualTo("generation_differs");
    }

    @Test
    void aJobThatMustBeThereIsNotMade() {
        var refusal = refused(put("web", Specs.service("red", 0, 0)).with(Guard.THERE));

        assertThat(refusal.kind()).isEqualTo(Refusal.Kind.OUTDATED);
        assertThat(books.ledger.job("web")).isNull();
    }

    @Test
    void aJobOfAnotherGenerationIsNotDeleted() {
        books.wish("web", Specs.service("red", 0, 0));

        assertThatExceptionOfType(RefusedException.class)
                .isThrownBy(() ->
                        books.commit(draft -> draft.deleteJob(new DeleteJob("web", null, Guard.of(Set.of(2L))))));
        assertThat(books.ledger.job("web")).isNotNull();
    }

    @Test
    void aRefusedWishLeavesTheRestOfItsTransaction() {
        books.wish("web", Specs.service("red", 0, 0));

        books.commit(draft -> {
            draft.putJob(put("one", Specs.service("red", 0, 0)));
            assertThatExceptionOfType(RefusedException.class)
                    .isThrownBy(() ->
                            draft.putJob(new PutJob("web", "rival", Specs.service("red", 0, 0), DesiredVm.Source.API)));
            return draft.putJob(put("two", Specs.service("red", 0, 0)));
        });

        assertThat(books.last.jobs()).extracting(DesiredVm::jobId).containsExactly("one", "two");
        assertThat(books.last.events()).extracting(event -> event.seq()).containsExactly(2L, 3L);
    }

    @Test
    void aLabelChangeDoesNotEndABackoff() {
        books.wish("web", Specs.service("red", 0, 0));
        var retry = failTwice("web", "red");

        books.wish("web", labelled(Specs.service("red", 0, 0)));

        assertThat(books.retry("web")).isEqualTo(retry);
    }

    @Test
    void aNewHashEndsABackoff() {
        books.wish("web", Specs.service("red", 0, 0));
        failTwice("web", "red");

        books.wish("web", Specs.service("blue", 0, 0));

        assertThat(books.retry("web")).isNull();
    }

    @Test
    void aReplicaThatIsNotWantedAnyMoreTakesItsFailuresWithIt() {
        books.wish("web", Specs.service("red", 0, 0, 2));
        books.there("vm-1", "red", books.owner("web", 1), Phase.BOOTING);
        books.fail("vm-1");

        books.wish("web", Specs.service("red", 0, 0, 1));

        assertThat(books.last.retriesGone()).containsExactly(Retry.ofReplica("web", 1));
    }

    @Test
    void theLastJobOfAHashTakesThePoolsFailuresWithIt() {
        poolThatFails("one", "two");

        books.delete("one");
        var afterTheFirst = books.ledger.pool(hash("red")).retry();
        books.wish("two", Specs.service("blue", 0, 0));

        assertThat(afterTheFirst).isNotNull();
        assertThat(books.ledger.pool(hash("red")).retry()).isNull();
    }

    @Test
    void theLastJobsOfAHashTakeThePoolsFailuresWithThemInOneTransaction() {
        poolThatFails("one", "two");

        books.commit(
                draft -> draft.deleteJob(new DeleteJob("one", null)) + draft.deleteJob(new DeleteJob("two", null)));

        assertThat(books.ledger.pool(hash("red")).retry()).isNull();
    }

    @Test
    void aJobThatJoinsInTheSameTransactionKeepsThePoolsFailures() {
        poolThatFails("one");

        books.commit(draft -> {
            draft.putJob(put("two", Specs.service("red", 1, 1)));
            return draft.deleteJob(new DeleteJob("one", null));
        });

        assertThat(books.ledger.pool(hash("red")).retry()).isNotNull();
    }

    @Test
    void anIdThatIsTakenAgainByAnotherTenantShowsNothingOfTheFormer() {
        books.wish("web", Specs.service("red", 0, 0));
        books.owned("vm-a", "red", "web", Phase.RUNNING);
        books.delete("web");

        books.commit(
                draft -> draft.putJob(new PutJob("web", "rival", Specs.service("red", 0, 0), DesiredVm.Source.API)));

        assertThat(books.phase("vm-a")).isEqualTo(Phase.DRAINING);
        assertThat(books.ledger.viewOf("web").instances())
                .extracting(MicroVm::vmId)
                .isEmpty();
    }

    private Refusal refused(PutJob put) {
        try {
            books.commit(draft -> draft.putJob(put));
        } catch (RefusedException refused) {
            return refused.refusal();
        }
        throw new AssertionError("it was not refused");
    }

    private Retry failTwice(String jobId, String colour) {
        for (var vmId : List.of("vm-1", "vm-2")) {
            books.owned(vmId, colour, jobId, Phase.BOOTING);
            books.fail(vmId);
        }
        return books.retry(jobId);
    }

    private void poolThatFails(String... jobIds) {
        for (var jobId : jobIds) {
            books.wish(jobId, Specs.service("red", 1, 1));
        }
        books.there("vm-p", "red", null, Phase.BOOTING);
        books.fail("vm-p");
        assertThat(books.ledger.pool(hash("red")).retry().reason())
                .isEqualTo(new Reason(ReasonCode.VMM_DIED, "it is gone"));
    }

    private static Spec labelled(Spec spec) {
        return new Spec(
                spec.role(),
                spec.boot(),
                spec.lifecycle(),
                spec.warmPool(),
                spec.restart(),
                spec.replicas(),
                spec.host(),
                List.of(),
                Map.of("team", "billing"));
    }
}
