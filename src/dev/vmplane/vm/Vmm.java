package dev.vmplane.vm;

import dev.vmplane.host.ProcessEnd;
import dev.vmplane.hypervisor.Hypervisor;
import dev.vmplane.hypervisor.Inspection;
import dev.vmplane.hypervisor.Machine;
import dev.vmplane.model.CrashPoint;
import dev.vmplane.model.VmmProcess;
import io.vertx.core.Future;
import java.util.function.Consumer;

/** The hypervisor of one microVM: its process, if it has one, and how that ended, once it has. */
final class Vmm {
    private final Hypervisor hypervisor;
    private final Machine machine;
    private VmmProcess process;
    private boolean watched;
    private boolean booted;
    private boolean asleep;
    private ProcessEnd end;

    /** @param process found running, or null */
    Vmm(Hypervisor hypervisor, Machine machine, VmmProcess process) {
        this.hypervisor = hypervisor;
        this.machine = machine;
        this.process = process;
    }

    /** Null before it was launched, and when none was found. */
    VmmProcess process() {
        return process;
    }

    boolean present() {
        return process != null;
    }

    /** Whether its guest was started, as far as is known. */
    boolean booted() {
        return booted;
    }

    /** Whether the CPUs of its guest were stopped, as far as is known. */
    boolean asleep() {
        return asleep;
    }

    /** Whether its end will be seen. */
    boolean watched() {
        return watched;
    }

    /** How it was seen to end, or null while it has not been. */
    ProcessEnd end() {
        return end;
    }

    /** The process that was found is not the one of this row. */
    void disown() {
        process = null;
    }

    /** A process and its machine, ready to boot. May be repeated. */
    Future<Void> build() {
        var launched = process == null ? hypervisor.launch(machine) : Future.succeededFuture(process);
        return launched.compose(up -> {
            process = up;
            CrashPoint.VMM_LAUNCHED.here();
            return hypervisor.configure(machine).onSuccess(done -> CrashPoint.VMM_CONFIGURED.here());
        });
    }

    Future<Void> boot() {
        return hypervisor.boot(machine).onSuccess(done -> {
            booted = true;
            CrashPoint.VMM_BOOTED.here();
        });
    }

    /** Stops the CPUs of the guest. May be repeated. */
    Future<Void> pause() {
        return asleep ? Future.succeededFuture() : hypervisor.pause(machine).onSuccess(done -> asleep = true);
    }

    /** Lets them run again. May be repeated. */
    Future<Void> resume() {
        return hypervisor.resume(machine).onSuccess(done -> asleep = false);
    }

    Future<Void> reclaim(int mebibytes) {
        return hypervisor.reclaim(machine, mebibytes);
    }

    /** Asks the guest to end. */
    Future<Void> stop() {
        return hypervisor.stop(machine).onSuccess(done -> CrashPoint.VMM_ASKED.here());
    }

    Future<Inspection> adopt() {
        return hypervisor.adopt(machine, process).onSuccess(found -> {
            booted = found != Inspection.NOT_STARTED;
            asleep = found == Inspection.PAUSED;
        });
    }

    void watch(Consumer<ProcessEnd> told) {
        watched = true;
        hypervisor.ended(machine, process).onSuccess(seen -> {
            end = seen;
            told.accept(seen);
        });
    }

    /** Makes sure that there is no process. */
    Future<Void> kill() {
        var gone = process == null ? Future.<Void>succeededFuture() : hypervisor.kill(machine, process);
        return gone.onSuccess(dead -> CrashPoint.VMM_GONE.here());
    }

    /** Stops caring and leaves the process alone. */
    void release() {
        if (process != null) {
            hypervisor.release(machine, process);
        }
    }
}
