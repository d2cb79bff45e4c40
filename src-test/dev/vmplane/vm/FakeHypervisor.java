package dev.vmplane.vm;

import dev.vmplane.Samples;
import dev.vmplane.host.GuestConfig;
import dev.vmplane.host.ProcessEnd;
import dev.vmplane.hypervisor.Capabilities;
import dev.vmplane.hypervisor.Hypervisor;
import dev.vmplane.hypervisor.HypervisorException;
import dev.vmplane.hypervisor.Inspection;
import dev.vmplane.hypervisor.Machine;
import dev.vmplane.model.Backend;
import dev.vmplane.model.Phase;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.VmmProcess;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * A hypervisor without a process: it has one machine, whose calls fail or wait as a test says, and which dies when a
 * test says so. Like the real ones it answers on the event loop of whoever asked.
 */
final class FakeHypervisor implements Hypervisor {
    /** What can be asked of a machine. */
    enum Call {
        LAUNCH,
        RECLAIM,
        CONFIGURE,
        BOOT,
        PAUSE,
        RESUME,
        STOP,
        KILL,
        ADOPT
    }

    private final Supplier<Phase> row;
    private final List<Call> calls = new ArrayList<>();
    private final Map<Call, Phase> rowAt = new EnumMap<>(Call.class);
    private final Map<Call, RuntimeException> failures = new EnumMap<>(Call.class);
    private final Map<Call, Promise<Void>> gates = new EnumMap<>(Call.class);
    private volatile int reclaimed;
    private final List<Promise<ProcessEnd>> watches = new ArrayList<>();
    private Inspection inspection = Inspection.RUNNING;
    private VmmProcess process;
    private boolean obedient = true;
    private boolean letGo;

    /** @param row tells what the VM's row says at the moment of a call */
    FakeHypervisor(Supplier<Phase> row) {
        this.row = row;
    }

    /** There is a process from the life of a former control plane, and it is found like this. */
    synchronized void runs(Inspection found) {
        process = Samples.PROCESS;
        inspection = found;
    }

    synchronized void fail(Call call, ReasonCode code, String message) {
        fail(call, new HypervisorException(code, message));
    }

    synchronized void fail(Call call, RuntimeException cause) {
        failures.put(call, cause);
    }

    synchronized void mend(Call call) {
        failures.remove(call);
    }

    /** Lets calls of this kind wait until the promise is completed. */
    synchronized Promise<Void> hold(Call call) {
        return gates.computeIfAbsent(call, held -> Promise.promise());
    }

    /** From here on the guest does not end when it is asked to. */
    synchronized void disobey() {
        obedient = false;
    }

    /** The process ends, whoever wanted it. */
    void die() {
        List<Promise<ProcessEnd>> told;
        synchronized (this) {
            process = null;
            told = List.copyOf(watches);
            watches.clear();
        }
        told.forEach(end -> end.tryComplete(ProcessEnd.UNKNOWN));
    }

    synchronized boolean alive() {
        return process != null;
    }

    synchronized boolean letGo() {
        return letGo;
    }

    synchronized List<Call> calls() {
        return List.copyOf(calls);
    }

    /** What the row said when this was last asked. */
    synchronized Phase rowAt(Call call) {
        return rowAt.get(call);
    }

    /** What was last asked of the guest's memory. */
    int reclaimed() {
        return reclaimed;
    }

    @Override
    public Backend backend() {
        return Backend.SIMULATOR;
    }

    @Override
    public Capabilities capabilities() {
        return new Capabilities(true, GuestConfig.End.REBOOT, Duration.ofSeconds(5));
    }

    @Override
    public Future<VmmProcess> launch(Machine machine) {
        return perform(Call.LAUNCH, () -> runs(Inspection.NOT_STARTED)).map(done -> Samples.PROCESS);
    }

    @Override
    public Future<Void> configure(Machine machine) {
        return perform(Call.CONFIGURE, () -> {});
    }

    @Override
    public Future<Void> boot(Machine machine) {
        return perform(Call.BOOT, () -> runs(Inspection.RUNNING));
    }

    @Override
    public Future<Void> pause(Machine machine) {
        return perform(Call.PAUSE, () -> runs(Inspection.PAUSED));
    }

    @Override
    public Future<Void> resume(Machine machine) {
        return perform(Call.RESUME, () -> runs(Inspection.RUNNING));
    }

    @Override
    public Future<Void> reclaim(Machine machine, int mebibytes) {
        reclaimed = mebibytes;
        return perform(Call.RECLAIM, () -> {});
    }

    @Override
    public Future<NetSocket> agent(Machine machine) {
        throw new UnsupportedOperationException("the rig has an agent of its own");
    }

    @Override
    public Future<Void> stop(Machine machine) {
        return perform(Call.STOP, () -> {
            if (obedient) {
                die();
            }
        });
    }

    @Override
    public Future<Void> kill(Machine machine, VmmProcess process) {
        return perform(Call.KILL, this::die);
    }

    @Override
    public synchronized Future<Inspection> inspect(Machine machine) {
        return Future.succeededFuture(inspection);
    }

    @Override
    public Future<Inspection> adopt(Machine machine, VmmProcess process) {
        return perform(Call.ADOPT, () -> {}).map(done -> inspection);
    }

    @Override
    public synchronized Future<ProcessEnd> ended(Machine machine, VmmProcess process) {
        var end = Promise.<ProcessEnd>promise();
        watches.add(end);
        return onTheCallersLoop(end.future());
    }

    @Override
    public synchronized void release(Machine machine, VmmProcess process) {
        letGo = true;
        watches.clear();
    }

    private synchronized Future<Void> perform(Call call, Runnable effect) {
        calls.add(call);
        rowAt.put(call, row.get());
        var gate = gates.containsKey(call) ? gates.get(call).future() : Future.<Void>succeededFuture();
        return onTheCallersLoop(gate).map(open -> {
            var failure = failureOf(call);
            if (failure != null) {
                throw failure;
            }
            effect.run();
            return null;
        });
    }

    private synchronized RuntimeException failureOf(Call call) {
        return failures.get(call);
    }

    static <T> Future<T> onTheCallersLoop(Future<T> answer) {
        var caller = Vertx.currentContext();
        var told = Promise.<T>promise();
        answer.onComplete(done -> caller.runOnContext(turn -> told.handle(done)));
        return told.future();
    }
}
