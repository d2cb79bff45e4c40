package dev.vmplane.hypervisor;

import dev.vmplane.host.ProcessEnd;
import dev.vmplane.metric.Timers;
import dev.vmplane.model.Backend;
import dev.vmplane.model.VmmProcess;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.vertx.core.Future;
import io.vertx.core.net.NetSocket;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;

/** A hypervisor that counts and times what it is asked. Its driver knows nothing of that. */
public final class MeteredHypervisor implements Hypervisor {
    private final Hypervisor driver;
    private final MeterRegistry registry;
    private final Map<Call, Timer> done = new EnumMap<>(Call.class);
    private final Map<Call, Timer> failed = new EnumMap<>(Call.class);

    private enum Call {
        LAUNCH,
        CONFIGURE,
        BOOT,
        PAUSE,
        RESUME,
        RECLAIM,
        AGENT,
        STOP,
        KILL,
        INSPECT,
        ADOPT
    }

    public MeteredHypervisor(Hypervisor driver, MeterRegistry registry) {
        this.driver = driver;
        this.registry = registry;
        for (var call : Call.values()) {
            done.put(call, timer(call, "done"));
            failed.put(call, timer(call, "failed"));
        }
    }

    private Timer timer(Call call, String outcome) {
        return Timers.quick("vmplane.hypervisor.call", "one call to the hypervisor of a microVM")
                .tag("backend", driver.backend().text())
                .tag("call", call.name().toLowerCase(Locale.ROOT))
                .tag("outcome", outcome)
                .register(registry);
    }

    private <T> Future<T> timed(Call call, Supplier<Future<T>> asked) {
        var begun = Timer.start(registry);
        return asked.get().onComplete(answer -> begun.stop((answer.succeeded() ? done : failed).get(call)));
    }

    @Override
    public Backend backend() {
        return driver.backend();
    }

    @Override
    public Capabilities capabilities() {
        return driver.capabilities();
    }

    @Override
    public Future<VmmProcess> launch(Machine machine) {
        return timed(Call.LAUNCH, () -> driver.launch(machine));
    }

    @Override
    public Future<Void> configure(Machine machine) {
        return timed(Call.CONFIGURE, () -> driver.configure(machine));
    }

    @Override
    public Future<Void> boot(Machine machine) {
        return timed(Call.BOOT, () -> driver.boot(machine));
    }

    @Override
    public Future<Void> pause(Machine machine) {
        return timed(Call.PAUSE, () -> driver.pause(machine));
    }

    @Override
    public Future<Void> resume(Machine machine) {
        return timed(Call.RESUME, () -> driver.resume(machine));
    }

    @Override
    public Future<Void> reclaim(Machine machine, int mebibytes) {
        return timed(Call.RECLAIM, () -> driver.reclaim(machine, mebibytes));
    }

    @Override
    public Future<NetSocket> agent(Machine machine) {
        return timed(Call.AGENT, () -> driver.agent(machine));
    }

    @Override
    public Future<Void> stop(Machine machine) {
        return timed(Call.STOP, () -> driver.stop(machine));
    }

    @Override
    public Future<Void> kill(Machine machine, VmmProcess process) {
        return timed(Call.KILL, () -> driver.kill(machine, process));
    }

    @Override
    public Future<Inspection> inspect(Machine machine) {
        return timed(Call.INSPECT, () -> driver.inspect(machine));
    }

    @Override
    public Future<Inspection> adopt(Machine machine, VmmProcess process) {
        return timed(Call.ADOPT, () -> driver.adopt(machine, process));
    }

    /** Lasts as long as the machine lives, so its length says nothing about the hypervisor. */
    @Override
    public Future<ProcessEnd> ended(Machine machine, VmmProcess process) {
        return driver.ended(machine, process);
    }

    @Override
    public void release(Machine machine, VmmProcess process) {
        driver.release(machine, process);
    }
}
