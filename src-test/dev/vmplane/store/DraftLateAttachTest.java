package dev.vmplane.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmplane.Specs;
import dev.vmplane.bus.Address.Moved;
import dev.vmplane.model.EventType;
import dev.vmplane.model.GuestExit;
import dev.vmplane.model.Hooks;
import dev.vmplane.model.Intents;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Spec;
import dev.vmplane.model.SpecHash;
import dev.vmplane.model.States;
import dev.vmplane.model.VmState;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A warm VM that has something to do or to hear before it can serve the job it was given to. */
class DraftLateAttachTest {
    private static final Spec TOLD = Specs.withAttachEnv(Specs.service("red", 1, 1), Map.of("SHOP", "7"));

    private final Books books = new Books();

    @Test
    void aPausedVmIsItsOwnersAndKeepsItsPhaseUntilItWasResumed() {
        books.there("vm-a", "red", null, Phase.PAUSED);
        books.pass(Duration.ofSeconds(7));

        var answer = books.wish("web", Specs.service("red", 1, 1));

        assertThat(answer.attached()).extracting(MicroVm::vmId).containsExactly("vm-a");
        assertThat(books.vm("vm-a").attaching()).isTrue();
        assertThat(books.vm("vm-a").serving()).isFalse();
        assertThat(books.vm("vm-a").state()).isEqualTo(States.of(Phase.PAUSED, books.now));
        assertThat(books.factsOf(EventType.VM_CLAIMED))
                .containsEntry("from", "paused")
                .containsEntry("to", "paused")
                .containsEntry("warm_ms", 7000L);
        assertThat(books.told()).doesNotContain(EventType.VM_ATTACHED);
    }

    @Test
    void aVmThatMustBeToldOfItsOwnerKeepsItsPhase() {
        books.warm("vm-a", "red");

        books.wish("web", TOLD);

        assertThat(books.vm("vm-a").owner()).isEqualTo(books.owner("web", 0));
        assertThat(books.phase("vm-a")).isEqualTo(Phase.WARM);
    }

    @Test
    void aVmWhoseGuestHasAHookForItKeepsItsPhase() {
        var hook = new Hooks.Hook("/attach", 8080, Duration.ofSeconds(1));
        var spec = Specs.withHooks(Specs.service("red", 1, 1), new Hooks(null, hook, null));
        var warm = new MicroVm(
                "vm-a",
                "here",
                SpecHash.of(spec.boot()),
                spec.boot(),
                null,
                States.of(Phase.WARM, books.now),
                "127.64.0.9",
                books.now,
                false);
        books.put(warm);

        books.wish("web", spec);

        assertThat(books.vm("vm-a").attaching()).isTrue();
    }

    @Test
    void oneThatRunsIsTakenBeforeAnOlderOneThatIsPaused() {
        books.there("vm-old", "red", null, Phase.PAUSED);
        books.pass(Duration.ofSeconds(1));
        books.warm("vm-young", "red");

        books.wish("web", Specs.service("red", 1, 1));

        assertThat(books.vm("vm-young").serving()).isTrue();
        assertThat(books.vm("vm-old").owner()).isNull();
    }

    @ParameterizedTest
    @EnumSource(
            value = Phase.class,
            names = {"WARM", "PAUSED"})
    void onceItRunsItIsAttachedAndTakesThePlaceOfTheFormerOne(Phase phase) {
        books.wish("web", Specs.service("blue", 0, 0));
        books.owned("vm-old", "blue", "web", Phase.RUNNING);
        books.there("vm-a", "red", null, phase);
        books.wish("web", TOLD);
        books.pass(Duration.ofMillis(300));
        var before = books.phase("vm-old");

        books.move("vm-a", States.of(Phase.RUNNING, books.now));

        assertThat(before).isEqualTo(Phase.RUNNING);
        assertThat(books.vm("vm-a").serving()).isTrue();
        assertThat(books.phase("vm-old")).isEqualTo(Phase.DRAINING);
        assertThat(books.told()).containsExactly(EventType.VM_ATTACHED, EventType.VM_PHASE);
        assertThat(books.factsOf(EventType.VM_ATTACHED))
                .containsEntry("to", "running")
                .containsEntry("attach_ms", 300L);
    }

    @Test
    void itIsNobodyElsesMeanwhile() {
        books.there("vm-a", "red", null, Phase.PAUSED);
        books.wish("web", Specs.service("red", 1, 1));

        var other = books.wish("other", Specs.service("red", 1, 1));
        books.place("other", 0);
        books.place("web", 0);

        assertThat(other.attached()).isEmpty();
        assertThat(books.vm("vm-a").owner()).isEqualTo(books.owner("web", 0));
        assertThat(books.ledger.vmsOf("web")).hasSize(1);
    }

    @Test
    void itIsNotGivenUpForWantOfRoom() {
        books.there("vm-a", "red", null, Phase.PAUSED);
        books.wish("web", Specs.service("red", 1, 1));
        var retire = new Intents.Retire("vm-a", new Reason(ReasonCode.HOST_FULL, "too many"));

        books.commit(draft -> draft.intend(new Intents(List.of(), List.of(), List.of(retire))));

        assertThat(books.last.isEmpty()).isTrue();
    }

    @Test
    void whatItsVerticleSawBeforeItHeardOfTheOwnerIsRefused() {
        books.warm("vm-a", "red");
        books.wish("web", TOLD);

        assertThatThrownBy(() -> books.commit(
                        draft -> draft.moved(new Moved("vm-a", Phase.WARM, States.of(Phase.PAUSED, books.now)))))
                .hasMessageContaining("vm vm-a cannot become PAUSED: it is WARM");
    }

    @ParameterizedTest
    @EnumSource(
            value = Phase.class,
            names = {"WARM", "PAUSED"})
    void itsFailureIsAFailureOfTheReplicaHoweverLongItWasWarm(Phase phase) {
        books.there("vm-a", "red", null, phase);
        books.there("vm-b", "red", null, phase);
        books.pass(Duration.ofHours(3));
        books.wish("web", TOLD);
        books.pass(Duration.ofMinutes(20));
        fail("vm-a");
        books.place("web", 0);
        books.pass(Duration.ofMinutes(20));

        fail("vm-b");

        assertThat(books.retry("web").failures()).isEqualTo(2);
        assertThat(books.retry("web").nextTry()).isEqualTo(books.now.plusSeconds(10));
        assertThat(books.retry("web").reason().code()).isEqualTo(ReasonCode.HOOK_FAILED);
    }

    @Test
    void itLeavesWithItsJob() {
        books.there("vm-a", "red", null, Phase.PAUSED);
        books.wish("web", Specs.service("red", 1, 1));

        books.delete("web");

        assertThat(books.phase("vm-a")).isEqualTo(Phase.STOPPING);
    }

    private void fail(String vmId) {
        var reason = new Reason(ReasonCode.HOOK_FAILED, "hook attach answered 500");
        books.move(vmId, new VmState.Failed(books.now, reason, GuestExit.UNKNOWN));
    }
}
