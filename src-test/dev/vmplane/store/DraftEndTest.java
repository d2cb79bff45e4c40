package dev.vmplane.store;

import static dev.vmplane.store.Books.hash;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmplane.Specs;
import dev.vmplane.bus.Address.DeleteJob;
import dev.vmplane.bus.Address.Moved;
import dev.vmplane.model.EventType;
import dev.vmplane.model.Lifecycle;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Phase;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.RefusedException;
import dev.vmplane.model.Restart;
import dev.vmplane.model.Retry;
import dev.vmplane.model.Spec;
import dev.vmplane.model.States;
import dev.vmplane.model.VmState;
import dev.vmplane.model.WarmPool;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How VMs end: by wish, by themselves, and what is remembered of either. */
class DraftEndTest {
    private final Books books = new Books();

    @ParameterizedTest(name = "from {0} to {1}")
    @CsvSource({
        "PENDING, STOPPING",
        "STARTING, STOPPING",
        "BOOTING, STOPPING",
        "WARMING, STOPPING",
        "WARM, STOPPING",
        "PAUSED, STOPPING",
        "RUNNING, DRAINING",
        "DRAINING, DRAINING",
        "STOPPING, STOPPING",
        "STOPPED, STOPPED",
        "FAILED, FAILED"
    })
    void aDeletedJobLetsItsVmGoFromEveryPhase(Phase before, Phase after) {
        books.wish("web", Specs.service("red", 0, 0));
        books.owned("vm-a", "red", "web", before);

        books.delete("web");

        assertThat(books.ledger.job("web")).isNull();
        assertThat(books.phase("vm-a")).isEqualTo(after);
        assertThat(books.vm("vm-a").state().deadline() != null)
                .as("it has a deadline until it has ended")
                .isEqualTo(!after.ended());
    }

    @Test
    void aDeletedJobTakesItsFailuresAndTheRowsOfItsFormerVmsWithIt() {
        books.wish("web", Specs.service("red", 0, 0));
        books.owned("vm-a", "red", "web", Phase.BOOTING);
        books.fail("vm-a");
        books.commit(draft -> draft.released("vm-a"));

        books.delete("web");

        assertThat(books.retry("web")).isNull();
        assertThat(books.vm("vm-a")).isNull();
        assertThat(books.told()).containsExactly(EventType.JOB_DELETED, EventType.VM_FORGOTTEN);
    }

    @Test
    void anotherTenantsJobIsAnsweredAsAMissingOne() {
        books.wish("web", Specs.service("red", 0, 0));

        assertThatThrownBy(() -> books.commit(draft -> draft.deleteJob(new DeleteJob("web", "rival"))))
                .isInstanceOf(RefusedException.class)
                .hasMessage("job 'web' does not exist");
        assertThat(books.ledger.job("web")).isNotNull();
    }

    @Test
    void aVmThatHasNotEndedIsNotReleased() {
        books.owned("vm-a", "red", "web", Phase.STOPPING);

        assertThatThrownBy(() -> books.commit(draft -> draft.released("vm-a")))
                .isInstanceOf(RefusedException.class)
                .hasMessage("vm vm-a cannot be released: it is STOPPING");
    }

    @Test
    void aReleasedVmOfAJobStaysToBeReadUntilItIsOld() {
        books.wish("web", Specs.service("red", 0, 0));
        books.owned("vm-a", "red", "web", Phase.FAILED);
        books.commit(draft -> draft.released("vm-a"));

        books.pass(Books.RULES.keepEnded().minusMillis(1));
        books.commit(draft -> draft.forgetOld(List.of("vm-a")));
        var young = books.vm("vm-a");
        books.pass(Duration.ofMillis(1));
        books.commit(draft -> draft.forgetOld(List.of("vm-a")));

        assertThat(young.released()).isTrue();
        assertThat(books.vm("vm-a")).isNull();
        assertThat(books.told()).containsExactly(EventType.VM_FORGOTTEN);
    }

    @Test
    void theLastLifeOfAJobThatHasEndedStaysAsLongAsTheJob() {
        books.wish("batch", Specs.job("red", 2));
        for (var id : List.of("vm-a", "vm-b")) {
            books.owned(id, "red", "batch", Phase.RUNNING);
            books.pass(Duration.ofSeconds(1));
            books.exit(id, 1);
            books.commit(draft -> draft.released(id));
        }
        books.pass(Books.RULES.keepEnded());

        books.commit(draft -> draft.forgetOld(List.of("vm-a", "vm-b")));
        var kept = books.ledger.vmsOf("batch").stream().map(MicroVm::vmId).toList();
        books.delete("batch");

        assertThat(kept).containsExactly("vm-b");
        assertThat(books.vm("vm-b")).isNull();
    }

    @Test
    void theLastLifeOfAReplicaThatWillBeTriedAgainDoesNot() {
        books.wish("batch", Specs.job("red", 0));
        books.owned("vm-a", "red", "batch", Phase.RUNNING);
        books.exit("vm-a", 1);
        books.commit(draft -> draft.released("vm-a"));
        books.pass(Books.RULES.keepEnded());

        books.commit(draft -> draft.forgetOld(List.of("vm-a")));

        assertThat(books.vm("vm-a")).isNull();
    }

    @Test
    void aWarmVmThatFailedStaysToBeReadUntilItIsOld() {
        books.there("vm-a", "red", null, Phase.FAILED);
        books.commit(draft -> draft.released("vm-a"));
        var kept = books.vm("vm-a");

        books.pass(Books.RULES.keepEnded());
        books.commit(draft -> draft.forgetOld(List.of("vm-a")));

        assertThat(kept.released()).isTrue();
        assertThat(books.vm("vm-a")).isNull();
        assertThat(books.told()).containsExactly(EventType.VM_FORGOTTEN);
    }

    @Test
    void ofAPoolThatNeverGetsWarmTheLastFailuresStay() {
        for (var n = 0; n < Lives.KEPT_OF_A_POOL + 3; n++) {
            var id = "vm-" + n;
            books.pass(Duration.ofSeconds(1));
            books.there(id, "red", null, Phase.FAILED);
            books.there("vm-blue-" + n, "blue", null, Phase.FAILED);
            books.commit(draft -> draft.released(id));
        }

        assertThat(books.told()).containsExactly(EventType.VM_RELEASED, EventType.VM_FORGOTTEN);
        assertThat(books.ledger.remains(hash("red")))
                .hasSize(Lives.KEPT_OF_A_POOL)
                .extracting(MicroVm::vmId)
                .startsWith("vm-3")
                .endsWith("vm-12");
    }

    @Test
    void aReleasedVmOfNobodyThatWasToldToGoIsForgottenAtOnce() {
        books.there("vm-a", "red", null, Phase.STOPPED);

        books.commit(draft -> draft.released("vm-a"));

        assertThat(books.vm("vm-a")).isNull();
        assertThat(books.told()).containsExactly(EventType.VM_RELEASED);
    }

    @Test
    void aVmIsReleasedOnce() {
        books.wish("web", Specs.service("red", 0, 0));
        books.owned("vm-a", "red", "web", Phase.FAILED);
        books.commit(draft -> draft.released("vm-a"));

        books.commit(draft -> draft.released("vm-a"));

        assertThat(books.last.isEmpty()).isTrue();
    }

    @Test
    void theFirstFailureIsTriedAgainAtOnceAndTheSecondWaits() {
        books.wish("web", Specs.service("red", 0, 0));

        fail("vm-a");
        var first = books.retry("web");
        fail("vm-b");

        assertThat(first.nextTry()).isEqualTo(books.now);
        assertThat(books.retry("web").failures()).isEqualTo(2);
        assertThat(books.retry("web").nextTry()).isEqualTo(books.now.plusSeconds(10));
        assertThat(books.factsOf(EventType.RETRY_CHANGED)).containsEntry("reason", "vmm_died");
    }

    @Test
    void aLongHealthyLifeWipesTheSlate() {
        books.wish("web", Specs.service("red", 0, 0));
        fail("vm-a");
        fail("vm-b");
        books.owned("vm-c", "red", "web", Phase.RUNNING);
        books.pass(Duration.ofMinutes(10));

        books.fail("vm-c");

        assertThat(books.retry("web").failures()).isEqualTo(1);
    }

    @Test
    void aLongBootIsNoHealthyLife() {
        books.wish("web", Specs.service("red", 0, 0));
        fail("vm-a");
        books.owned("vm-b", "red", "web", Phase.BOOTING);
        books.pass(Duration.ofMinutes(10));

        books.fail("vm-b");

        assertThat(books.retry("web").failures()).isEqualTo(2);
    }

    @Test
    void anEndThatWasAskedForIsNoFailure() {
        books.wish("web", Specs.service("red", 0, 0));
        books.owned("vm-a", "red", "web", Phase.DRAINING);

        books.fail("vm-a");

        assertThat(books.retry("web")).isNull();
    }

    @Test
    void theEndOfAVmOfAFormerSpecIsNoFailureOfThePresentOne() {
        books.wish("web", Specs.service("red", 0, 0));
        books.owned("vm-a", "red", "web", Phase.RUNNING);
        books.wish("web", Specs.service("blue", 0, 0));

        books.fail("vm-a");

        assertThat(books.retry("web")).isNull();
    }

    @Test
    void aProgramThatIsDoneIsNotStartedAgain() {
        books.wish("batch", Specs.job("red", 3));
        books.owned("vm-a", "red", "batch", Phase.RUNNING);

        books.exit("vm-a", 0);

        assertThat(books.retry("batch").nextTry()).isNull();
        assertThat(books.retry("batch").reason().code()).isEqualTo(ReasonCode.FINISHED);
    }

    @Test
    void aServiceThatEndsWellIsStartedAgain() {
        books.wish("web", Specs.service("red", 0, 0));
        books.owned("vm-a", "red", "web", Phase.RUNNING);

        books.exit("vm-a", 0);

        assertThat(books.retry("web").nextTry()).isEqualTo(books.now);
    }

    @Test
    void aJobIsTriedAgainAsOftenAsItSaysAndThenGivenUp() {
        books.wish("batch", Specs.job("red", 2));
        books.owned("vm-a", "red", "batch", Phase.RUNNING);
        books.exit("vm-a", 3);
        var afterTheFirst = books.retry("batch");
        books.owned("vm-b", "red", "batch", Phase.RUNNING);

        books.exit("vm-b", 3);

        assertThat(afterTheFirst.nextTry()).isNotNull();
        assertThat(books.retry("batch").nextTry()).isNull();
        assertThat(books.retry("batch").reason().code()).isEqualTo(ReasonCode.NOT_RESTARTED);
        assertThat(books.retry("batch").reason().detail()).startsWith("all 2 attempts are used up");
    }

    @Test
    void aJobUsesUpItsAttemptsHoweverLongEachTakes() {
        books.wish("batch", Specs.job("red", 2));
        books.owned("vm-a", "red", "batch", Phase.RUNNING);
        books.pass(Duration.ofHours(1));
        books.exit("vm-a", 1);
        books.owned("vm-b", "red", "batch", Phase.RUNNING);
        books.pass(Duration.ofHours(1));

        books.exit("vm-b", 1);

        assertThat(books.retry("batch").failures()).isEqualTo(2);
        assertThat(books.retry("batch").nextTry()).isNull();
    }

    @Test
    void aPolicyOfNeverIsKept() {
        books.wish("web", never("red"));
        books.owned("vm-a", "red", "web", Phase.RUNNING);

        books.fail("vm-a");

        assertThat(books.retry("web").nextTry()).isNull();
        assertThat(books.retry("web").reason().code()).isEqualTo(ReasonCode.NOT_RESTARTED);
    }

    @Test
    void aWarmBootThatFailsIsThePoolsFailureAndOneThatSucceedsEndsIt() {
        books.wish("web", Specs.service("red", 1, 1));
        books.there("vm-a", "red", null, Phase.WARMING);
        books.fail("vm-a");
        var failed = books.ledger.pool(hash("red")).retry();
        books.there("vm-b", "red", null, Phase.WARMING);

        books.move("vm-b", States.of(Phase.WARM, books.now));

        assertThat(failed.failures()).isEqualTo(1);
        assertThat(books.last.retriesGone()).containsExactly(Retry.ofPool(hash("red")));
        assertThat(books.ledger.pool(hash("red")).retry()).isNull();
    }

    @Test
    void aPoolThatNobodyWantsRemembersNoFailure() {
        books.there("vm-a", "red", null, Phase.WARM);

        books.fail("vm-a");

        assertThat(books.ledger.pool(hash("red")).retry()).isNull();
    }

    @Test
    void aPoolThatLosesItsLastJobInTheSameTransactionRemembersNoFailure() {
        books.wish("web", Specs.service("red", 1, 1));
        books.warm("vm-a", "red");

        books.commit(draft -> {
            draft.deleteJob(new DeleteJob("web", null));
            return draft.moved(new Moved("vm-a", Phase.WARM, States.of(Phase.FAILED, books.now)));
        });

        assertThat(books.ledger.pool(hash("red")).retry()).isNull();
    }

    private void fail(String vmId) {
        books.owned(vmId, "red", "web", Phase.BOOTING);
        books.fail(vmId);
    }

    private static Spec never(String colour) {
        return new Spec(
                null,
                Specs.boot(colour),
                Lifecycle.SERVICE,
                WarmPool.NONE,
                new Restart(Restart.Policy.NEVER, 0),
                1,
                null,
                List.of(),
                Map.of());
    }

    @Test
    void aLongUnhealthyLifeDoesNotWipeTheSlate() {
        books.wish("web", Specs.service("red", 0, 0));
        books.owned("vm-a", "red", "web", Phase.RUNNING);
        books.fail("vm-a");
        var running = (VmState.Running)
                books.owned("vm-b", "red", "web", Phase.RUNNING).state();
        books.move("vm-b", running.withHealth(false, books.now));
        books.pass(Duration.ofMinutes(20));

        books.fail("vm-b");

        assertThat(books.retry("web").failures()).isEqualTo(2);
    }

    @Test
    void aVmThatWasWellForLongWipesTheSlateAsItFallsIll() {
        books.wish("web", Specs.service("red", 0, 0));
        books.owned("vm-a", "red", "web", Phase.RUNNING);
        books.fail("vm-a");
        var running = (VmState.Running)
                books.owned("vm-b", "red", "web", Phase.RUNNING).state();
        books.pass(Duration.ofMinutes(10));

        books.move("vm-b", running.withHealth(false, books.now));

        assertThat(books.retry("web")).isNull();
    }

    @Test
    void aNewRestartPolicyRevisesTheVerdictOfTheOldOne() {
        var once = Specs.service("red", 0, 0);
        books.wish("web", restarted(once, new Restart(Restart.Policy.NEVER, 0)));
        books.owned("vm-a", "red", "web", Phase.RUNNING);
        books.fail("vm-a");
        assertThat(books.retry("web").nextTry()).isNull();

        books.wish("web", restarted(once, new Restart(Restart.Policy.ALWAYS, 0)));

        assertThat(books.retry("web").nextTry()).isEqualTo(books.now);
        assertThat(books.retry("web").failures()).isEqualTo(1);
    }

    @Test
    void aNewRestartPolicyThatWouldNotHaveHelpedChangesNoVerdict() {
        var once = Specs.service("red", 0, 0);
        books.wish("web", restarted(once, new Restart(Restart.Policy.NEVER, 0)));
        books.owned("vm-a", "red", "web", Phase.RUNNING);
        books.exit("vm-a", 0);

        books.wish("web", restarted(once, new Restart(Restart.Policy.ON_FAILURE, 0)));

        assertThat(books.retry("web").nextTry()).isNull();
    }

    private static Spec restarted(Spec spec, Restart restart) {
        return new Spec(
                spec.role(),
                spec.boot(),
                spec.lifecycle(),
                spec.warmPool(),
                restart,
                spec.replicas(),
                spec.host(),
                spec.allow(),
                spec.labels());
    }
}
