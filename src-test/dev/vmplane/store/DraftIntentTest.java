package dev.vmplane.store;

import static dev.vmplane.store.Books.hash;
import static dev.vmplane.store.Books.placing;
import static dev.vmplane.store.Books.put;
import static dev.vmplane.store.Books.warming;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Specs;
import dev.vmplane.bus.Address.JobKey;
import dev.vmplane.model.EventType;
import dev.vmplane.model.Intents;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

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

        books.commit(draft -> draft.deleteJob(new JobKey("web", null)) + draft.intend(warming("red", 3)));

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
    void aReplicaWithoutAnAddressSaysWhyAndWhenItIsTriedAgain() {
        var full = new Books("127.64.0.0/30");
        full.wish("web", Specs.service("red", 0, 0));
        full.warm("vm-a", "blue");
        full.warm("vm-b", "blue");

        full.place("web", 0);
        full.place("web", 0);

        assertThat(full.last.vms()).isEmpty();
        assertThat(full.told()).containsExactly(EventType.RETRY_CHANGED);
        assertThat(full.retry("web").reason()).isEqualTo(Addresses.exhausted());
        assertThat(full.retry("web").nextTry()).isEqualTo(full.now.plus(Duration.ofSeconds(10)));
    }

    @Test
    void aPoolTakesTheAddressesThereAre() {
        var small = new Books("127.64.0.0/30");
        small.wish("web", Specs.service("red", 3, 3));

        small.commit(draft -> draft.intend(warming("red", 3)));

        assertThat(small.last.vms()).extracting(MicroVm::address).containsExactlyInAnyOrder("127.64.0.1", "127.64.0.2");
    }
}
