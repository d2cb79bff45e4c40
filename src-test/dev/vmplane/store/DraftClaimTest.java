package dev.vmplane.store;

import static dev.vmplane.store.Books.hash;
import static dev.vmplane.store.Books.put;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Specs;
import dev.vmplane.model.EventType;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Phase;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.States;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Who gets which warm VM, and when the VM it replaces stops being routed. */
class DraftClaimTest {
    private final Books books = new Books();

    @Test
    void aWishTakesTheOldestWarmVmInItsOwnTransaction() {
        books.warm("vm-z", "red");
        books.pass(Duration.ofSeconds(7));
        books.warm("vm-a", "red");

        var answer = books.wish("web", Specs.service("red", 1, 2));

        assertThat(answer.attached()).extracting(MicroVm::vmId).containsExactly("vm-z");
        assertThat(books.last.jobs()).hasSize(1);
        assertThat(books.last.vms()).isEqualTo(answer.attached());
        assertThat(books.vm("vm-z").serving()).isTrue();
        assertThat(books.vm("vm-z").owner()).isEqualTo(books.owner("web", 0));
        assertThat(books.factsOf(EventType.VM_ATTACHED)).containsEntry("warm_ms", 7000L);
        assertThat(books.phase("vm-a")).isEqualTo(Phase.WARM);
    }

    @Test
    void aWarmVmIsClaimedOnceByTwoWishesInOneTransaction() {
        books.warm("vm-a", "red");

        var answers = books.commit(draft -> List.of(
                draft.putJob(put("one", Specs.service("red", 1, 1))),
                draft.putJob(put("two", Specs.service("red", 1, 1)))));

        assertThat(answers.get(0).attached()).extracting(MicroVm::vmId).containsExactly("vm-a");
        assertThat(answers.get(1).attached()).isEmpty();
        assertThat(books.vm("vm-a").owner().jobId()).isEqualTo("one");
    }

    @Test
    void everyReplicaClaimsAWarmVmOfItsOwn() {
        books.warm("vm-a", "red");
        books.warm("vm-b", "red");

        var answer = books.wish("web", Specs.service("red", 1, 3, 3));

        assertThat(answer.attached())
                .extracting(vm -> vm.vmId() + " as " + vm.owner().replica())
                .containsExactly("vm-a as 0", "vm-b as 1");
    }

    @Test
    void aWarmVmOfAnotherHashIsLeftAlone() {
        books.warm("vm-a", "blue");

        var answer = books.wish("web", Specs.service("red", 1, 1));

        assertThat(answer.attached()).isEmpty();
        assertThat(books.vm("vm-a").owner()).isNull();
    }

    @Test
    void aJobNeverClaims() {
        books.warm("vm-a", "red");

        var answer = books.wish("batch", Specs.job("red", 0));
        books.place("batch", 0);

        assertThat(answer.attached()).isEmpty();
        assertThat(books.phase("vm-a")).isEqualTo(Phase.WARM);
        assertThat(books.phase("vm-new-1")).isEqualTo(Phase.PENDING);
    }

    @ParameterizedTest
    @EnumSource(
            value = Phase.class,
            names = {"PENDING", "STARTING", "BOOTING", "WARMING", "STOPPING", "STOPPED", "FAILED"})
    void aVmThatIsNotWarmIsNotClaimed(Phase phase) {
        books.there("vm-a", "red", null, phase);

        var answer = books.wish("web", Specs.service("red", 1, 1));

        assertThat(answer.attached()).isEmpty();
    }

    @Test
    void aChangedSpecSwitchesToItsWarmVmAndDrainsTheFormerInOneTransaction() {
        books.wish("web", Specs.service("red", 0, 0));
        books.owned("vm-old", "red", "web", Phase.RUNNING);
        books.warm("vm-new", "blue");

        books.wish("web", Specs.service("blue", 1, 1));

        assertThat(books.last.vms()).extracting(MicroVm::vmId).containsExactlyInAnyOrder("vm-old", "vm-new");
        assertThat(books.vm("vm-new").serving()).isTrue();
        assertThat(books.phase("vm-old")).isEqualTo(Phase.DRAINING);
        assertThat(books.vm("vm-old").state().reason().code()).isEqualTo(ReasonCode.REPLACED);
        assertThat(books.vm("vm-old").state().deadline()).isEqualTo(books.now.plus(Books.RULES.drainLimit()));
    }

    @Test
    void onlyTheFormerVmOfTheSameReplicaIsDrained() {
        books.wish("web", Specs.service("red", 0, 0, 2));
        books.there("vm-0", "red", books.owner("web", 0), Phase.RUNNING);
        books.there("vm-1", "red", books.owner("web", 1), Phase.RUNNING);
        books.warm("vm-new", "blue");

        books.wish("web", Specs.service("blue", 1, 1, 2));

        assertThat(books.phase("vm-0")).isEqualTo(Phase.DRAINING);
        assertThat(books.phase("vm-1")).isEqualTo(Phase.RUNNING);
    }

    @Test
    void aPausedVmReplacesTheFormerOneOnlyOnceItRuns() {
        books.wish("web", Specs.service("red", 0, 0));
        books.owned("vm-old", "red", "web", Phase.RUNNING);
        books.there("vm-new", "blue", null, Phase.PAUSED);

        books.wish("web", Specs.service("blue", 1, 1));
        var whilePaused = books.phase("vm-old");
        books.move("vm-new", States.of(Phase.RUNNING, books.now));

        assertThat(whilePaused).isEqualTo(Phase.RUNNING);
        assertThat(books.phase("vm-old")).isEqualTo(Phase.DRAINING);
    }

    @Test
    void aReplicaThatIsFilledClaimsNothingMore() {
        books.wish("web", Specs.service("red", 1, 1));
        books.owned("vm-boots", "red", "web", Phase.BOOTING);
        books.warm("vm-a", "red");

        books.place("web", 0);

        assertThat(books.last.isEmpty()).isTrue();
        assertThat(books.ledger.unowned(hash("red"))).extracting(MicroVm::vmId).containsExactly("vm-a");
    }
}
