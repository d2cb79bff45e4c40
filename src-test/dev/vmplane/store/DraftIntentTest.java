package dev.vmplane.store;

import static dev.vmplane.store.Books.hash;
import static dev.vmplane.store.Books.placing;
import static dev.vmplane.store.Books.put;
import static dev.vmplane.store.Books.warming;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmplane.Specs;
import dev.vmplane.bus.Address.DeleteJob;
import dev.vmplane.model.EventType;
import dev.vmplane.model.Intents;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.States;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What of a plan is still carried out when the world has moved since it was made. */
class DraftIntentTest {
    private final Books books = new Books();

    @Test
    void aPlaceWithoutAWarmVmBecomesARowAndAMiss() {
        books.wish("web", Specs.service("red", 1, 1));

        books.place("web", 0);

        var vm = books.vm("vm-new-1");
        assertThat(vm.phase()).isEqualTo(Phase.PENDING);
        assertThat(vm.owner()).isEqualTo(books.owner("web", 0));
        assertThat(vm.node()).isEqualTo("here");
        assertThat(books.told()).containsExactly(EventType.VM_CREATED, EventType.POOL_MISS);
    }

    @Test
    void aPlaceOfAJobWithoutAPoolIsNoMiss() {
        books.wish("web", Specs.service("red", 0, 0));

        books.place("web", 0);

        assertThat(books.told()).containsExactly(EventType.VM_CREATED);
    }

    @Test
    void aPlaceOfAnOlderGenerationIsDropped() {
        books.wish("web", Specs.service("red", 0, 0));
        books.wish("web", Specs.service("blue", 0, 0));

        books.commit(draft -> draft.intend(placing("web", 0, 1)));

        assertThat(books.last.isEmpty()).isTrue();
    }

    @Test
    void aPlaceOfAReplicaNobodyWantsIsDropped() {
        books.wish("web", Specs.service("red", 0, 0, 2));

        books.place("web", 2);

        assertThat(books.last.isEmpty()).isTrue();
    }

    @Test
    void aPlaceOfAJobThatIsGoneIsDropped() {
        books.commit(draft -> draft.intend(placing("web", 0, 1)));

        assertThat(books.last.isEmpty()).isTrue();
    }

    @Test
    void aReplicaIsFilledOnceInOneTransaction() {
        books.wish("web", Specs.service("red", 0, 0));

        books.commit(draft -> draft.intend(placing("web", 0, 1)) + draft.intend(placing("web", 0, 1)));

        assertThat(books.last.vms()).hasSize(1);
    }

    @Test
    void aPoolNeverGrowsBeyondItsMax() {
        books.wish("web", Specs.service("red", 1, 3));
        books.warm("vm-a", "red");
        books.there("vm-b", "red", null, Phase.BOOTING);

        books.commit(draft -> draft.intend(warming("red", 5)));

        assertThat(books.last.vms()).extracting(MicroVm::phase).containsExactly(Phase.PENDING);
        assertThat(books.ledger.unowned(hash("red"))).hasSize(3);
    }

    @Test
    void twoRefillsInOneTransactionShareTheMax() {
        books.wish("web", Specs.service("red", 1, 3));

        books.commit(draft -> draft.intend(warming("red", 2)) + draft.intend(warming("red", 2)));

        assertThat(books.ledger.unowned(hash("red"))).hasSize(3);
    }

    @Test
    void theLargestMaxOfTheJobsOfAHashHolds() {
        books.wish("one", Specs.service("red", 1, 1));
        books.wish("two", Specs.service("red", 0, 4));

        books.commit(draft -> draft.intend(warming("red", 9)));

        assertThat(books.ledger.unowned(hash("red"))).hasSize(4);
    }

    @Test
    void aMaxThatIsLoweredInTheSameTransactionHoldsAlready() {
        books.wish("web", Specs.service("red", 3, 3));

        books.commit(draft -> {
            draft.putJob(put("web", Specs.service("red", 1, 1)));
            return draft.intend(warming("red", 3));
        });

        assertThat(books.ledger.unowned(hash("red"))).hasSize(1);
    }

    @Test
    void aPoolThatLosesItsLastJobInTheSameTransactionIsNotFilled() {
        books.wish("web", Specs.service("red", 3, 3));

        books.commit(draft -> draft.deleteJob(new DeleteJob("web", null)) + draft.intend(warming("red", 3)));

        assertThat(books.last.vms()).isEmpty();
    }

    @Test
    void aPoolOfNobodyIsNotFilled() {
        books.commit(draft -> draft.intend(warming("red", 3)));

        assertThat(books.last.isEmpty()).isTrue();
    }

    @Test
    void aVmThatLeavesAlreadyIsNotRetiredAgain() {
        var before = books.there("vm-a", "red", null, Phase.STOPPING);
        var retire = new Intents.Retire("vm-a", new Reason(ReasonCode.POOL_SURPLUS, "too many"));

        books.commit(draft -> draft.intend(new Intents(List.of(), List.of(), List.of(retire))));

        assertThat(books.last.isEmpty()).isTrue();
        assertThat(books.vm("vm-a")).isEqualTo(before);
    }

    @Test
    void aReplicaWithoutAnAddressIsARowThatSaysSoAndUsesUpNoAttempt() {
        var full = full();
        full.wish("web", Specs.service("red", 0, 0));

        full.place("web", 0);

        var vm = full.vm("vm-new-1");
        assertThat(vm.address()).isNull();
        assertThat(vm.state().reason()).isEqualTo(Addresses.exhausted());
        assertThat(full.factsOf(EventType.VM_CREATED)).containsEntry("reason", "no_address");
        assertThat(full.retry("web")).isNull();
        assertThat(full.ledger.addressesDue()).isFalse();
    }

    @Test
    void aFreedAddressGoesToTheJobThatWaitsBeforeAnOlderRefill() {
        var full = full();
        full.wish("web", Specs.service("red", 1, 1));
        full.commit(draft -> draft.intend(warming("red", 1)));
        full.pass(Duration.ofSeconds(1));
        full.place("web", 0);
        full.fail("vm-a");
        full.commit(draft -> draft.released("vm-a"));
        assertThat(full.ledger.addressesDue()).isTrue();

        full.commit(Draft::lendAddresses);

        assertThat(full.vm("vm-new-2").address()).isEqualTo("127.64.0.1");
        assertThat(full.vm("vm-new-2").state().reason()).isNull();
        assertThat(full.vm("vm-new-1").address()).isNull();
        assertThat(full.told()).containsExactly(EventType.VM_WAITING);
        assertThat(full.ledger.addressesDue()).isFalse();
    }

    @Test
    void aNewRowTakesNoFreedAddressFromOneThatWaits() {
        var full = full();
        full.wish("web", Specs.service("red", 0, 0));
        full.wish("late", Specs.service("green", 0, 0));
        full.place("web", 0);
        full.fail("vm-a");
        full.commit(draft -> draft.released("vm-a"));

        full.place("late", 0);

        assertThat(full.vm("vm-new-2").address()).isNull();
    }

    @Test
    void aRowThatWaitsForAnAddressIsForgottenAtOnce() {
        var full = full();
        full.wish("web", Specs.service("red", 0, 0));
        full.place("web", 0);

        full.delete("web");

        assertThat(full.vm("vm-new-1")).isNull();
        assertThat(full.told()).contains(EventType.VM_FORGOTTEN);
    }

    @Test
    void aWarmVmThatWasClaimedMeanwhileIsNotGivenUp() {
        books.warm("vm-a", "red");
        books.wish("web", Specs.service("red", 1, 1));
        var retire = new Intents.Retire("vm-a", new Reason(ReasonCode.HOST_FULL, "too many"));

        books.commit(draft -> draft.intend(new Intents(List.of(), List.of(), List.of(retire))));

        assertThat(books.last.isEmpty()).isTrue();
        assertThat(books.phase("vm-a")).isEqualTo(Phase.RUNNING);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"BOOTING", "WARMING"})
    void aMissTakesTheVmThatIsAlmostWarm(Phase almost) {
        books.wish("web", Specs.service("red", 1, 1));
        books.there("vm-a", "red", null, Phase.STARTING);
        var before = books.there("vm-b", "red", null, almost);

        books.place("web", 0);

        assertThat(books.vm("vm-b").owner()).isEqualTo(books.owner("web", 0));
        assertThat(books.phase("vm-b")).isEqualTo(Phase.BOOTING);
        assertThat(books.vm("vm-b").state().process()).isEqualTo(before.state().process());
        assertThat(books.told()).containsExactly(EventType.VM_CLAIMED, EventType.POOL_MISS);
    }

    @Test
    void aVmThatWasClaimedEarlyCannotBecomeAPoolsAgain() {
        books.wish("web", Specs.service("red", 1, 1));
        books.there("vm-a", "red", null, Phase.BOOTING);
        books.place("web", 0);

        assertThatThrownBy(() -> books.move("vm-a", States.of(Phase.WARMING, books.now)))
                .hasMessageContaining("vm vm-a cannot become WARMING: it is BOOTING");
    }

    /** Both addresses are taken, by vm-a and vm-b. */
    private static Books full() {
        var full = new Books("127.64.0.0/30");
        full.warm("vm-a", "blue");
        full.warm("vm-b", "blue");
        return full;
    }
}
