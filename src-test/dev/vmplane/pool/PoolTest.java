package dev.vmplane.pool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Samples;
import dev.vmplane.Specs;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Overhead;
import dev.vmplane.model.Owner;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Reason;
import dev.vmplane.model.Resources;
import dev.vmplane.model.States;
import dev.vmplane.model.VmState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PoolTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final int SLOTS = 16;
    private static final Owner OWNER = Samples.owner("web", 0);

    private final Pool pool = unlimited(2);

    @Test
    void asManyVmsBootAsThereAreSlots() {
        IntStream.range(0, 5).forEach(n -> pool.saw(pending("vm-" + n, null, 0)));

        assertThat(ids()).containsExactly("vm-0", "vm-1");
        assertThat(ids()).isEmpty();
    }

    @Test
    void aVmThatAJobWaitsForGoesBeforeOlderRefills() {
        pool.saw(pending("vm-refill", null, 0));
        pool.saw(pending("vm-older", null, 1));
        pool.saw(pending("vm-waited-for", OWNER, 9));

        assertThat(ids()).containsExactly("vm-waited-for", "vm-refill");
    }

    @Test
    void theOldestOfEqualsGoesFirst() {
        pool.saw(pending("vm-a", OWNER, 5));
        pool.saw(pending("vm-b", OWNER, 1));
        pool.saw(pending("vm-c", OWNER, 1));

        assertThat(ids()).containsExactly("vm-b", "vm-c");
    }

    @ParameterizedTest
    @EnumSource(
            value = Phase.class,
            names = {"STARTING", "BOOTING", "WARMING"})
    void aVmKeepsItsSlotWhileItBoots(Phase phase) {
        var other = unlimited(1);
        other.saw(pending("vm-a", null, 0));
        other.decide();
        other.saw(vm("vm-a", phase));
        other.saw(pending("vm-b", null, 1));

        assertThat(other.decide().boot()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(
            value = Phase.class,
            names = {"WARM", "PAUSED", "RUNNING", "DRAINING", "STOPPING", "STOPPED", "FAILED"})
    void aVmThatIsUpOrOnItsWayOutGivesItsSlotBack(Phase phase) {
        var other = unlimited(1);
        other.saw(pending("vm-a", null, 0));
        other.decide();
        other.saw(vm("vm-a", phase));
        other.saw(pending("vm-b", null, 1));

        assertThat(other.decide().boot()).extracting(MicroVm::vmId).containsExactly("vm-b");
    }

    @Test
    void aVmThatWasGrantedItsSlotIsNotGrantedAnother() {
        var vm = pending("vm-a", null, 0);
        pool.saw(vm);
        pool.decide();

        pool.saw(vm);

        assertThat(ids()).isEmpty();
    }

    @Test
    void aVmThatIsGivenUpBeforeItsTurnNeverBoots() {
        pool.saw(pending("vm-a", null, 0));
        pool.saw(vm("vm-a", Phase.STOPPING));

        assertThat(ids()).isEmpty();
    }

    @Test
    void aRowThatIsGoneGivesItsSlotAndItsTurnBack() {
        IntStream.range(0, 4).forEach(n -> pool.saw(pending("vm-" + n, null, 0)));
        pool.decide();

        pool.forgot("vm-0");
        pool.forgot("vm-2");

        assertThat(ids()).containsExactly("vm-3");
    }

    @Test
    void vmsThatBootAlreadyTakeSlotsEvenMoreThanThereAre() {
        IntStream.range(0, 3).forEach(n -> pool.saw(vm("vm-adopted-" + n, Phase.BOOTING)));
        pool.saw(pending("vm-a", OWNER, 0));

        pool.saw(vm("vm-adopted-0", Phase.WARM));
        var whileTwoBoot = pool.decide().boot();
        pool.saw(vm("vm-adopted-1", Phase.FAILED));

        assertThat(whileTwoBoot).isEmpty();
        assertThat(ids()).containsExactly("vm-a");
    }

    @Test
    void whatDoesNotFitWaitsAndSaysWhatItLacks() {
        var small = host(2, 300);
        small.saw(sized("vm-a", OWNER, Phase.RUNNING, 0, 1, 128));
        small.saw(sized("vm-b", OWNER, Phase.PENDING, 1, 1, 200));

        var decision = small.decide();

        assertThat(decision.boot()).isEmpty();
        assertThat(decision.waiting())
                .extracting(waiting -> waiting.reason().toString())
                .containsExactly("no_capacity: needs 216 MiB and 1 vcpu: 156 MiB and 1 vcpu are free");
    }

    @Test
    void aReasonIsToldOnceAndTakenBackWhenOnlyTheSlotIsMissing() {
        var small = host(2, 300);
        small.saw(sized("vm-a", OWNER, Phase.RUNNING, 0, 1, 128));
        small.saw(sized("vm-b", OWNER, Phase.PENDING, 1, 1, 200));
        var first = small.decide();
        var told = first.waiting().get(0);
        assertThat(small.decide().waiting()).isEmpty();

        small.saw(told.vm().with(new VmState.Pending(NOW, told.reason())));
        assertThat(small.decide().waiting()).isEmpty();
        IntStream.range(0, SLOTS).forEach(n -> small.saw(sized("vm-up-" + n, OWNER, Phase.BOOTING, 0, 0, -16)));
        small.forgot("vm-a");

        assertThat(small.decide().waiting()).extracting(Pool.Waiting::reason).containsExactly((Reason) null);
    }

    @Test
    void whatIsLargerThanTheHostNeverHoldsAnybodyUp() {
        var small = host(2, 300);
        small.saw(sized("vm-huge", OWNER, Phase.PENDING, 0, 64, 128));
        small.saw(sized("vm-b", OWNER, Phase.PENDING, 1, 1, 128));

        var decision = small.decide();

        assertThat(decision.boot()).extracting(MicroVm::vmId).containsExactly("vm-b");
        assertThat(decision.waiting().get(0).reason().detail()).endsWith("it never fits here");
    }

    @Test
    void theFewestWarmVmsAreGivenUpTheCheapestOfEquals() {
        var small = host(8, 5 * 144);
        small.saw(sized("vm-old", null, Phase.WARM, 0, 1, 128));
        small.saw(sized("vm-young", null, Phase.WARM, 5, 1, 128));
        small.saw(sized("vm-booting", null, Phase.BOOTING, 3, 1, 128));
        small.saw(sized("vm-serving", OWNER, Phase.RUNNING, 4, 1, 128));
        small.saw(sized("vm-new", OWNER, Phase.PENDING, 6, 1, 128 * 3));

        var decision = small.decide();

        assertThat(decision.boot()).isEmpty();
        assertThat(decision.giveUp()).extracting(MicroVm::vmId).containsExactly("vm-booting", "vm-young");
        assertThat(small.decide().giveUp()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(
            value = Phase.class,
            names = {"WARM", "PAUSED"})
    void aWarmVmThatHasItsOwnerIsNotGivenUp(Phase phase) {
        var small = host(8, 144);
        small.saw(sized("vm-a", null, phase, 0, 1, 128));
        small.saw(sized("vm-a", OWNER, phase, 0, 1, 128));
        small.saw(sized("vm-new", Samples.owner("new", 0), Phase.PENDING, 6, 1, 128));

        assertThat(small.decide().giveUp()).isEmpty();
    }

    @Test
    void nothingIsGivenUpForWhatWouldNotFitAllTheSame() {
        var small = host(8, 300);
        small.saw(sized("vm-warm", null, Phase.WARM, 0, 1, 64));
        small.saw(sized("vm-serving", OWNER, Phase.RUNNING, 0, 1, 128));
        small.saw(sized("vm-new", OWNER, Phase.PENDING, 6, 1, 256));

        assertThat(small.decide().giveUp()).isEmpty();
    }

    @Test
    void aFullHostWithOneJobMoreComesToRestAndBackAgain() {
        var small = host(8, 2 * 144);
        small.saw(sized("vm-serving", OWNER, Phase.RUNNING, 0, 1, 128));
        small.saw(sized("vm-warm", null, Phase.WARM, 1, 1, 128));
        small.saw(sized("vm-new", Samples.owner("new", 0), Phase.PENDING, 2, 1, 128));

        assertThat(small.decide().giveUp()).extracting(MicroVm::vmId).containsExactly("vm-warm");
        small.saw(sized("vm-warm", null, Phase.STOPPING, 1, 1, 128));
        small.saw(sized("vm-refill", null, Phase.PENDING, 3, 1, 128));
        assertThat(small.decide().boot()).isEmpty();
        small.forgot("vm-warm");
        assertThat(small.decide().boot()).extracting(MicroVm::vmId).containsExactly("vm-new");
        assertThat(small.decide()).isEqualTo(new Pool.Decision(List.of(), List.of(), List.of()));
        small.forgot("vm-new");
        assertThat(small.decide().boot()).extracting(MicroVm::vmId).containsExactly("vm-refill");
        assertThat(small.decide()).isEqualTo(new Pool.Decision(List.of(), List.of(), List.of()));
    }

    @Test
    void aVmThatIsNotGivenUpAfterAllIsChosenAgain() {
        var small = host(8, 144);
        small.saw(sized("vm-warm", null, Phase.WARM, 1, 1, 128));
        small.saw(sized("vm-new", OWNER, Phase.PENDING, 2, 1, 128));
        small.decide();

        small.stays("vm-warm");

        assertThat(small.decide().giveUp()).extracting(MicroVm::vmId).containsExactly("vm-warm");
    }

    @Test
    void aLargeVmIsPassedBySomeAndThenKeepsWhatBecomesFree() {
        var wide = host(100, 40 * 144);
        IntStream.range(0, 20).forEach(n -> wide.saw(sized("vm-up-" + n, OWNER, Phase.RUNNING, 0, 1, 128)));
        wide.saw(sized("vm-large", Samples.owner("large", 0), Phase.PENDING, 1, 1, 128 * 30));
        var booted = new ArrayList<String>();
        for (var n = 0; n < 20; n++) {
            wide.saw(sized("vm-small-" + n, Samples.owner("small-" + n, 0), Phase.PENDING, 2 + n, 1, 128));
            wide.decide().boot().forEach(vm -> {
                booted.add(vm.vmId());
                wide.saw(sized(vm.vmId(), vm.owner(), Phase.RUNNING, 2, 1, 128));
            });
        }
        assertThat(booted).hasSize(Admission.MAX_PASSES).doesNotContain("vm-large");

        IntStream.range(0, 20).forEach(n -> wide.forgot("vm-up-" + n));

        assertThat(wide.decide().boot()).extracting(MicroVm::vmId).doesNotContain("vm-large");
        IntStream.range(0, Admission.MAX_PASSES).forEach(n -> wide.forgot("vm-small-" + n));
        assertThat(wide.decide().boot()).extracting(MicroVm::vmId).startsWith("vm-large");
    }

    @Test
    void aLargeNewcomerDoesNotHoldUpWhoComesBack() {
        var wide = host(100, 40 * 144);
        IntStream.range(0, 20)
                .forEach(n -> wide.saw(sized("vm-up-" + n, Samples.owner("up", n), Phase.RUNNING, 0, 1, 128)));
        wide.saw(sized("vm-large", Samples.owner("large", 0), Phase.PENDING, 1, 1, 128 * 30));
        for (var n = 0; n < Admission.MAX_PASSES; n++) {
            wide.saw(sized("vm-small-" + n, Samples.owner("small-" + n, 0), Phase.PENDING, 2 + n, 1, 128));
            wide.decide().boot().forEach(vm -> wide.saw(sized(vm.vmId(), vm.owner(), Phase.RUNNING, 2, 1, 128)));
        }

        wide.forgot("vm-up-7");
        wide.saw(sized("vm-again", Samples.owner("up", 7), Phase.PENDING, 90, 1, 128));
        wide.saw(sized("vm-other", Samples.owner("other", 0), Phase.PENDING, 80, 1, 128));

        assertThat(wide.decide().boot()).extracting(MicroVm::vmId).containsExactly("vm-again");
    }

    @Test
    void whatEndsBeforeItHadRoomGivesNoneBack() {
        var small = host(8, 144);
        small.saw(sized("vm-a", OWNER, Phase.RUNNING, 0, 1, 128));
        small.saw(sized("vm-b", OWNER, Phase.PENDING, 1, 1, 128));
        small.decide();

        small.saw(sized("vm-b", OWNER, Phase.STOPPING, 1, 1, 128));

        assertThat(small.held()).isEqualTo(new Room(1, 144));
        small.forgot("vm-b");
        assertThat(small.held()).isEqualTo(new Room(1, 144));
    }

    @Test
    void aRowWithoutAnAddressIsNotAsked() {
        pool.saw(pending("vm-a", OWNER, 0).at(null));

        assertThat(pool.decide()).isEqualTo(new Pool.Decision(List.of(), List.of(), List.of()));
    }

    private static Pool host(int vcpus, int memoryMib) {
        return new Pool(SLOTS, new Room(vcpus, memoryMib), new Overhead(16, 0));
    }

    private static MicroVm sized(String vmId, Owner owner, Phase phase, int ageOrder, int vcpu, int memoryMib) {
        var createdAt = NOW.plusSeconds(ageOrder);
        var boot = Specs.sized(Specs.service("red", 0, 0), Resources.of(vcpu, memoryMib))
                .boot();
        return new MicroVm(
                vmId, "here", Samples.HASH, boot, owner, States.of(phase, createdAt), "127.64.0.1", createdAt, false);
    }

    private List<String> ids() {
        return pool.decide().boot().stream().map(MicroVm::vmId).toList();
    }

    private static Pool unlimited(int slots) {
        return new Pool(slots, Room.UNLIMITED, new Overhead(0, 0));
    }

    private static MicroVm pending(String vmId, Owner owner, int ageOrder) {
        var createdAt = NOW.plusSeconds(ageOrder);
        return new MicroVm(
                vmId,
                "here",
                Samples.HASH,
                Samples.boot(8080),
                owner,
                States.of(Phase.PENDING, createdAt),
                "127.64.0.1",
                createdAt,
                false);
    }

    private static MicroVm vm(String vmId, Phase phase) {
        return Samples.vm(vmId, null, States.of(phase, NOW));
    }
}
