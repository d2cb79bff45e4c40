package dev.vmplane.pool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Samples;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Overhead;
import dev.vmplane.model.Owner;
import dev.vmplane.model.Phase;
import dev.vmplane.model.States;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PoolTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
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
