package dev.vmplane.pool;

import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Overhead;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Reason;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which committed rows may boot now. As many boot at once as there are slots, and all VMs together take no more than the
 * room of the host. A VM that a job waits for goes before one that fills a warm pool, and takes the room of warm VMs when
 * there is no other; among equals the oldest goes first. See {@link Admission} for who may pass whom.
 *
 * <p>A row holds its room from the moment it may boot until nothing of it is left on the host. A row that only waits holds
 * nothing, and a warm VM that is claimed has its room already.
 */
public final class Pool {
    /** How far down the line one look goes, so that its cost does not grow with the line. */
    private static final int LOOK = 256;

    private static final Comparator<MicroVm> NEXT_FIRST = Comparator.comparing((MicroVm vm) -> vm.owner() == null)
            .thenComparing(MicroVm::createdAt)
            .thenComparing(MicroVm::vmId);

    private final int slots;
    private final Room total;
    private final Overhead overhead;
    private final Map<String, MicroVm> waiting = new HashMap<>();
    private final TreeSet<MicroVm> order = new TreeSet<>(NEXT_FIRST);
    private final Set<String> booting = new HashSet<>();
    private final Map<String, Holder> holders = new HashMap<>();
    /** Warm VMs, and those on their way to be, that hold room and may be given up. */
    private final Map<String, MicroVm> spare = new HashMap<>();

    private Room held = Room.NONE;
    private Room leaving = Room.NONE;

    /** Replicas of jobs that have had a VM here. */
    private final Map<String, Set<Integer>> known = new HashMap<>();

    private final Map<String, Integer> passes = new HashMap<>();
    /** Warm VMs that are to go, whose rows do not say so yet. */
    private final Set<String> givenUp = new HashSet<>();
    /** Rows whose new reason is not committed yet. */
    private final Set<String> telling = new HashSet<>();
    /** Rows that ended before they had any room. */
    private final Set<String> neverHeld = new HashSet<>();

    /** Who has which room, and whether it will be free soon. */
    private record Holder(MicroVm vm, Room room, boolean leaving) {}

    /** @param overhead what the host's memory pays for each VM beside its guest */
    public Pool(int slots, Room total, Overhead overhead) {
        this.slots = slots;
        this.total = total;
        this.overhead = overhead;
    }

    /**
     * What is to happen now.
     *
     * @param boot VMs that have a slot and room from here on
     * @param giveUp warm VMs whose room is needed for one that a job waits for
     * @param waiting rows that do not say what they lack
     */
    public record Decision(List<MicroVm> boot, List<MicroVm> giveUp, List<Waiting> waiting) {}

    /** A row that waits, and what for; null for nothing but its turn. */
    public record Waiting(MicroVm vm, Reason reason) {}

    /** Takes notice of a row as it is now. */
    public void saw(MicroVm vm) {
        var id = vm.vmId();
        telling.remove(id);
        if (vm.released()) {
            forgot(id);
        } else if (vm.phase() == Phase.PENDING && !booting.contains(id)) {
            stopWaiting(id);
            waiting.put(id, vm);
            order.add(vm);
        } else {
            follow(vm);
        }
    }

    private void follow(MicroVm vm) {
        var id = vm.vmId();
        if (waiting.containsKey(id) && vm.phase().leaving()) {
            neverHeld.add(id);
        }
        stopWaiting(id);
        passes.remove(id);
        if (vm.owner() != null || vm.phase().leaving()) {
            givenUp.remove(id);
        }
        if (vm.phase().rising()) {
            booting.add(id);
        } else {
            booting.remove(id);
        }
        if (!neverHeld.contains(id)) {
            hold(vm);
        }
    }

    /** Takes notice of a row that is gone. */
    public void forgot(String vmId) {
        stopWaiting(vmId);
        passes.remove(vmId);
        booting.remove(vmId);
        neverHeld.remove(vmId);
        telling.remove(vmId);
        givenUp.remove(vmId);
        giveBack(vmId);
    }

    /** Takes notice of a job that is gone: another one of its name is a newcomer. */
    public void forgotJob(String jobId) {
        known.remove(jobId);
    }

    /** A VM that was to be given up is still there: the store did not hear of it. */
    public void stays(String vmId) {
        if (givenUp.remove(vmId) && holders.containsKey(vmId)) {
            hold(holders.get(vmId).vm());
        }
    }

    /** A row does not say what it waits for: the store did not hear of it. */
    public void untold(String vmId) {
        telling.remove(vmId);
    }

    /** Looks along the line. What it decides counts as done here. */
    public Decision decide() {
        var admission = new Admission(
                total,
                total.minus(held),
                leaving,
                Math.max(0, slots - booting.size()),
                spare.values(),
                this::needOf,
                this::returns,
                passes);
        order.stream().filter(vm -> vm.address() != null).limit(LOOK).forEach(admission::consider);
        admission.boot().forEach(this::admit);
        admission.giveUp().forEach(vm -> {
            givenUp.add(vm.vmId());
            hold(vm);
        });
        var news = admission.waiting().stream()
                .filter(one -> !code(one.reason()).equals(code(one.vm().state().reason())))
                .filter(one -> telling.add(one.vm().vmId()))
                .toList();
        return new Decision(admission.boot(), admission.giveUp(), news);
    }

    /** All there is for VMs. */
    public Room total() {
        return total;
    }

    /** What VMs have of it. */
    public Room held() {
        return held;
    }

    /** What the VM takes of the host while it has a slot or lives. */
    public Room needOf(MicroVm vm) {
        var resources = vm.boot().resources();
        return new Room(resources.vcpu(), overhead.withGuestMib(resources.memoryMib()));
    }

    private void admit(MicroVm vm) {
        stopWaiting(vm.vmId());
        passes.remove(vm.vmId());
        booting.add(vm.vmId());
        hold(vm);
    }

    private void hold(MicroVm vm) {
        giveBack(vm.vmId());
        var holder = new Holder(vm, needOf(vm), vm.phase().leaving() || givenUp.contains(vm.vmId()));
        holders.put(vm.vmId(), holder);
        held = held.plus(holder.room());
        if (holder.leaving()) {
            leaving = leaving.plus(holder.room());
        } else if (vm.owner() == null) {
            spare.put(vm.vmId(), vm);
        } else {
            known.computeIfAbsent(vm.owner().jobId(), jobId -> new HashSet<>())
                    .add(vm.owner().replica());
        }
    }

    private boolean returns(MicroVm vm) {
        return vm.owner() != null
                && known.getOrDefault(vm.owner().jobId(), Set.of())
                        .contains(vm.owner().replica());
    }

    private void giveBack(String vmId) {
        spare.remove(vmId);
        var holder = holders.remove(vmId);
        if (holder != null) {
            held = held.minus(holder.room());
            leaving = holder.leaving() ? leaving.minus(holder.room()) : leaving;
        }
    }

    private void stopWaiting(String vmId) {
        var vm = waiting.remove(vmId);
        if (vm != null) {
            order.remove(vm);
        }
    }

    private static String code(Reason reason) {
        return Objects.toString(reason == null ? null : reason.code());
    }
}
