package dev.vmplane.pool;

import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.pool.Pool.Waiting;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * One look along the line of VMs that wait to boot: who may, who gives up its room for it, and what the others lack.
 *
 * <p>One that does not fit lets those behind it pass that do, so that room is not left empty for one that may wait for
 * days; but only {@link #MAX_PASSES} of them, and then what becomes free is kept for it. Who only takes the place again of
 * one that ended is not held up, so that a large newcomer takes no service down. One that would not fit into the empty
 * host waits for another host and holds nobody up. A warm pool is filled with what is left over: not while the room
 * of its VMs is needed for one that a job waits for, or it would take back at once what it was just made to give.
 */
final class Admission {
    static final int MAX_PASSES = 16;

    /** Those that have cost least: the least far, then the youngest. */
    private static final Comparator<MicroVm> CHEAPEST_FIRST = Comparator.comparing(MicroVm::phase)
            .thenComparing(Comparator.comparing(MicroVm::createdAt).reversed())
            .thenComparing(MicroVm::vmId);

    private final Room total;
    private final Function<MicroVm, Room> needs;
    private final Predicate<MicroVm> returns;
    private final Map<String, Integer> passes;
    private final List<MicroVm> spare;
    private Room spareRoom;
    /** What nobody has. */
    private Room free;
    /** What will be free when all have left that are leaving, without what is promised of it. */
    private Room soon;

    private int slots;
    private boolean roomIsBeingMade;
    private final List<MicroVm> passedOwned = new ArrayList<>();
    private final List<MicroVm> passedWarm = new ArrayList<>();
    private final List<MicroVm> boot = new ArrayList<>();
    private final List<MicroVm> giveUp = new ArrayList<>();
    private final List<Waiting> waiting = new ArrayList<>();

    /**
     * Begins at the head of the line.
     *
     * @param passes how often each VM that waits for room was passed, by id; counted on here
     * @param returns whether a VM takes the place of one that had room here
     * @param spare warm VMs, and those on their way to be, whose room may be taken
     */
    Admission(
            Room total,
            Room free,
            Room leaving,
            int slots,
            Collection<MicroVm> spare,
            Function<MicroVm, Room> needs,
            Predicate<MicroVm> returns,
            Map<String, Integer> passes) {
        this.total = total;
        this.free = free;
        this.soon = free.plus(leaving);
        this.slots = slots;
        this.spare = new ArrayList<>(spare);
        this.spareRoom = spare.stream().map(needs).reduce(Room.NONE, Room::plus);
        this.needs = needs;
        this.returns = returns;
        this.passes = passes;
    }

    /** Decides about the next one in the line. */
    void consider(MicroVm vm) {
        var need = needs.apply(vm);
        if (!total.covers(need)) {
            waiting.add(lacks(vm, "needs " + need + ": this host has " + total + " for all VMs, it never fits here"));
        } else if (!free.covers(need)) {
            waiting.add(lacks(vm, "needs " + need + ": " + free + " are free"));
            waitsForRoom(vm, need);
        } else if (mustNotPass(vm)) {
            waiting.add(lacks(vm, "needs " + need + ": what is free is kept for VMs that come first"));
        } else {
            fits(vm, need);
        }
    }

    List<MicroVm> boot() {
        return boot;
    }

    List<MicroVm> giveUp() {
        return giveUp;
    }

    List<Waiting> waiting() {
        return waiting;
    }

    private static Waiting lacks(MicroVm vm, String detail) {
        return new Waiting(vm, new Reason(ReasonCode.NO_CAPACITY, detail));
    }

    /** What waits for its slot has its room: those behind it do not take it meanwhile. */
    private void fits(MicroVm vm, Room need) {
        free = free.minus(need);
        soon = soon.minus(need);
        if (slots == 0) {
            waiting.add(new Waiting(vm, null));
            return;
        }
        slots--;
        boot.add(vm);
        if (!returns.test(vm)) {
            passed(vm).forEach(other -> passes.merge(other.vmId(), 1, Integer::sum));
        }
    }

    private void waitsForRoom(MicroVm vm, Room need) {
        passed(vm).add(vm);
        if (vm.owner() == null || !soon.plus(spareRoom).covers(need)) {
            return;
        }
        roomIsBeingMade = true;
        var leave = fewest(need.minus(soon));
        giveUp.addAll(leave);
        spare.removeAll(leave);
        var given = leave.stream().map(needs).reduce(Room.NONE, Room::plus);
        spareRoom = spareRoom.minus(given);
        soon = soon.plus(given).minus(need);
    }

    private boolean mustNotPass(MicroVm vm) {
        if (vm.owner() == null) {
            return roomIsBeingMade || wasPassedEnough(passedOwned) || wasPassedEnough(passedWarm);
        }
        return !returns.test(vm) && wasPassedEnough(passedOwned);
    }

    private boolean wasPassedEnough(List<MicroVm> passed) {
        return passed.stream().anyMatch(vm -> passes.getOrDefault(vm.vmId(), 0) >= MAX_PASSES);
    }

    /** Those of the same kind that stand before it and wait for room. */
    private List<MicroVm> passed(MicroVm vm) {
        return vm.owner() == null ? passedWarm : passedOwned;
    }

    /** The fewest VMs whose room makes up for {@code shortage}, the cheapest of those that give equally much. */
    private List<MicroVm> fewest(Room shortage) {
        var left = new ArrayList<>(spare);
        left.sort(CHEAPEST_FIRST);
        var chosen = new ArrayList<MicroVm>();
        var missing = shortage;
        while (!Room.NONE.covers(missing)) {
            var most = mostOf(left, missing);
            left.remove(most);
            chosen.add(most);
            missing = missing.minus(needs.apply(most));
        }
        // Memory and processors are made up for one after the other: who came for the one may be needless with the
        // other.
        for (var vm : List.copyOf(chosen)) {
            var without = missing.plus(needs.apply(vm));
            if (Room.NONE.covers(without)) {
                chosen.remove(vm);
                missing = without;
            }
        }
        return chosen;
    }

    private MicroVm mostOf(List<MicroVm> cheapestFirst, Room missing) {
        var most = cheapestFirst.get(0);
        for (var vm : cheapestFirst) {
            if (share(vm, missing) > share(most, missing)) {
                most = vm;
            }
        }
        return most;
    }

    private double share(MicroVm vm, Room missing) {
        var room = needs.apply(vm);
        return share(room.vcpus(), missing.vcpus()) + share(room.memoryMib(), missing.memoryMib());
    }

    private static double share(long part, long missing) {
        return missing <= 0 ? 0 : Math.min(1, (double) part / missing);
    }
}
