package dev.vmplane.vm;

import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.JobKey;
import dev.vmplane.bus.Address.Moved;
import dev.vmplane.bus.Bus;
import dev.vmplane.model.CrashPoint;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.JobView;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Owner;
import dev.vmplane.model.Phase;
import dev.vmplane.model.VmState;
import io.vertx.core.Future;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The row of one microVM as the store last said it was, and the only way to move it on. */
final class VmRow {
    private static final Logger LOG = LoggerFactory.getLogger(VmRow.class);

    private final Bus bus;
    private MicroVm vm;

    VmRow(Bus bus, MicroVm vm) {
        this.bus = bus;
        this.vm = vm;
    }

    MicroVm vm() {
        return vm;
    }

    String id() {
        return vm.vmId();
    }

    Phase phase() {
        return vm.phase();
    }

    VmState state() {
        return vm.state();
    }

    Owner owner() {
        return vm.owner();
    }

    /** The wish that its owner fills. Refused when it is not there any more. */
    Future<DesiredVm> job() {
        return bus.ask(Address.STORE_JOB_GET, new JobKey(owner().jobId(), owner().tenant()))
                .map(JobView::job);
    }

    /** What the store says now. */
    Future<MicroVm> read() {
        return bus.ask(Address.STORE_INSTANCE_GET, id()).map(found -> vm = found);
    }

    /** Commits a transition; refused when the row has moved on meanwhile. */
    Future<MicroVm> move(VmState to) {
        return bus.ask(Address.STORE_INSTANCE_MOVED, new Moved(id(), phase(), to))
                .map(this::enter);
    }

    private MicroVm enter(MicroVm committed) {
        var line = (committed.phase() == Phase.FAILED ? LOG.atWarn() : LOG.atInfo())
                .addKeyValue("vm", id())
                .addKeyValue("from", phase())
                .addKeyValue("to", committed.phase());
        var reason = committed.state().reason();
        (reason == null ? line : line.addKeyValue("reason", reason)).log("vm changed state");
        vm = committed;
        reached(phase());
        return vm;
    }

    private static void reached(Phase phase) {
        switch (phase) {
            case STARTING -> CrashPoint.VM_STARTING.here();
            case BOOTING -> CrashPoint.VM_BOOTING.here();
            case WARM -> CrashPoint.VM_WARM.here();
            case RUNNING -> CrashPoint.VM_RUNNING.here();
            case STOPPING -> CrashPoint.VM_STOPPING.here();
            case STOPPED, FAILED -> CrashPoint.VM_ENDED.here();
            case PENDING, WARMING, PAUSED, DRAINING -> {}
        }
    }

    /** Tells that nothing of an ended VM is left on the host. */
    Future<Long> released() {
        return bus.ask(Address.STORE_INSTANCE_RELEASED, id());
    }

    Future<Integer> outstandingRequests() {
        return bus.ask(Address.INGRESS_OUTSTANDING, id());
    }
}
