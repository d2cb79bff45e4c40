package dev.vmplane.pool;

import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Phase;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which committed rows may boot now. As many boot at once as there are slots; a VM that a job waits for goes before one
 * that fills a warm pool, and among equals the oldest goes first.
 */
public final class Pool {
    private static final Comparator<MicroVm> NEXT_FIRST = Comparator.comparing((MicroVm vm) -> vm.owner() == null)
            .thenComparing(MicroVm::createdAt)
            .thenComparing(MicroVm::vmId);

    private final int slots;
    private final Map<String, MicroVm> waiting = new HashMap<>();
    private final TreeSet<MicroVm> order = new TreeSet<>(NEXT_FIRST);
    private final Set<String> booting = new HashSet<>();

    public Pool(int slots) {
        this.slots = slots;
    }

    /** Takes notice of a row as it is now. */
    public void saw(MicroVm vm) {
        if (vm.phase() != Phase.PENDING) {
            stopWaiting(vm.vmId());
        } else if (!booting.contains(vm.vmId()) && waiting.putIfAbsent(vm.vmId(), vm) == null) {
            order.add(vm);
        }
        if (!vm.phase().rising()) {
            booting.remove(vm.vmId());
        } else if (vm.phase() != Phase.PENDING) {
            booting.add(vm.vmId());
        }
    }

    /** Takes notice of a row that is gone. */
    public void forgot(String vmId) {
        stopWaiting(vmId);
        booting.remove(vmId);
    }

    /** Gives the free slots away: the VMs that shall boot now. */
    public List<MicroVm> grant() {
        var granted = new ArrayList<MicroVm>();
        while (booting.size() < slots && !order.isEmpty()) {
            var vm = order.first();
            stopWaiting(vm.vmId());
            booting.add(vm.vmId());
            granted.add(vm);
        }
        return granted;
    }

    private void stopWaiting(String vmId) {
        var vm = waiting.remove(vmId);
        if (vm != null) {
            order.remove(vm);
        }
    }
}
