package dev.vmplane.feed;

import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.Nothing;
import dev.vmplane.bus.Address.PageQuery;
import dev.vmplane.bus.Bus;
import dev.vmplane.model.Changes;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.EventType;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Counts committed facts for {@code GET /metrics}. No label takes a value that users choose, so the number of series
 * does not grow with the fleet. Counters start at zero with the process; gauges start with the world.
 */
public final class Meters extends VerticleBase {
    private static final int PAGE = 1000;

    private final MeterRegistry registry;
    private final Map<String, Phase> phases = new HashMap<>();
    private final Set<String> jobs = new HashSet<>();
    private final Map<String, ReasonCode> waits = new HashMap<>();
    private final Map<ReasonCode, AtomicInteger> waitingByReason = new EnumMap<>(ReasonCode.class);
    private final Map<Phase, AtomicInteger> vmsByPhase = new EnumMap<>(Phase.class);
    private final AtomicInteger jobCount = new AtomicInteger();
    private Timer bootTime;
    private Bus bus;

    public Meters(MeterRegistry registry) {
        this.registry = registry;
    }

    @Override
    public Future<?> start() {
        bus = new Bus(vertx);
        for (var phase : Phase.values()) {
            var count = new AtomicInteger();
            vmsByPhase.put(phase, count);
            Gauge.builder("vmplane.vms", count, AtomicInteger::get)
                    .description("microVMs, ended ones whose rows are kept included")
                    .tag("phase", text(phase))
                    .register(registry);
        }
        // Shown from the start, at zero; others when they are first met.
        List.of(ReasonCode.NO_BOOT_SLOT, ReasonCode.NO_CAPACITY, ReasonCode.NO_ADDRESS)
                .forEach(this::waitingFor);
        Gauge.builder("vmplane.jobs", jobCount, AtomicInteger::get)
                .description("desired VMs")
                .register(registry);
        bootTime = Timer.builder("vmplane.boot")
                .description("from the row of a microVM to warm or running")
                .publishPercentileHistogram()
                .minimumExpectedValue(Duration.ofMillis(10))
                .maximumExpectedValue(Duration.ofMinutes(2))
                .register(registry);
        registry.counter("vmplane.pool.hits");
        registry.counter("vmplane.pool.misses");
        return bus.listen(Address.COMMITTED, this::count).compose(listening -> load());
    }

    /**
     * Shows what VMs have, or may have, of the host.
     *
     * @param state {@code total} or {@code held}
     */
    public static void room(MeterRegistry registry, String state, Supplier<Number> vcpus, Supplier<Number> memoryMib) {
        Gauge.builder("vmplane.capacity.vcpus", vcpus)
                .description("virtual CPUs of all VMs of this host")
                .tag("state", state)
                .register(registry);
        Gauge.builder("vmplane.capacity.memory", memoryMib)
                .description("memory of all VMs of this host, their hypervisors included")
                .baseUnit("mebibytes")
                .tag("state", state)
                .register(registry);
    }

    /** The store tells a commit before it answers with it, so what is loaded is never older than what was heard. */
    private Future<Void> load() {
        return bus.ask(Address.STORE_STATS, Nothing.NOTHING).compose(world -> {
            world.jobs().forEach(view -> jobs.add(view.job().jobId()));
            jobCount.set(jobs.size());
            Promise<Void> loaded = Promise.promise();
            loadVms(null, loaded);
            return loaded.future();
        });
    }

    private void loadVms(String after, Promise<Void> loaded) {
        bus.ask(Address.STORE_INSTANCE_LIST, new PageQuery(null, after, PAGE))
                .onComplete(
                        page -> {
                            page.items().forEach(this::place);
                            if (page.next() == null) {
                                loaded.complete();
                            } else {
                                loadVms(page.next(), loaded);
                            }
                        },
                        loaded::fail);
    }

    private void count(Changes changes) {
        for (var event : changes.events()) {
            if (event.type() == EventType.VM_ATTACHED) {
                registry.counter("vmplane.pool.hits").increment();
            } else if (event.type() == EventType.POOL_MISS) {
                registry.counter("vmplane.pool.misses").increment();
            }
        }
        changes.jobs().stream().map(DesiredVm::jobId).forEach(jobs::add);
        changes.jobsGone().stream().map(DesiredVm::jobId).forEach(jobs::remove);
        jobCount.set(jobs.size());
        changes.vms().forEach(this::move);
        changes.vmsGone().forEach(this::forget);
    }

    private void move(MicroVm vm) {
        var before = place(vm);
        if (vm.phase() == Phase.FAILED && before != Phase.FAILED) {
            var reason = vm.state().reason().code().text();
            registry.counter("vmplane.vm.failures", Tags.of("reason", reason)).increment();
        }
        var arrived = vm.phase() == Phase.WARM || vm.phase() == Phase.RUNNING;
        if (arrived && before != null && before.rising()) {
            bootTime.record(Duration.between(vm.createdAt(), vm.state().since()));
        }
    }

    /** Notes where a VM stands now, and answers where it stood before, or null. */
    private Phase place(MicroVm vm) {
        var before = phases.put(vm.vmId(), vm.phase());
        if (before != null) {
            vmsByPhase.get(before).decrementAndGet();
        }
        vmsByPhase.get(vm.phase()).incrementAndGet();
        waitsFor(vm.vmId(), vm.phase() == Phase.PENDING ? lacking(vm.state().reason()) : null);
        return before;
    }

    private void forget(MicroVm vm) {
        var before = phases.remove(vm.vmId());
        waitsFor(vm.vmId(), null);
        if (before != null) {
            vmsByPhase.get(before).decrementAndGet();
        }
    }

    private void waitsFor(String vmId, ReasonCode reason) {
        var before = reason == null ? waits.remove(vmId) : waits.put(vmId, reason);
        if (before != null) {
            waitingFor(before).decrementAndGet();
        }
        if (reason != null) {
            waitingFor(reason).incrementAndGet();
        }
    }

    private AtomicInteger waitingFor(ReasonCode reason) {
        return waitingByReason.computeIfAbsent(reason, met -> {
            var count = new AtomicInteger();
            Gauge.builder("vmplane.vms.waiting", count, AtomicInteger::get)
                    .description("microVMs that have not begun to boot, by what they lack")
                    .tag("reason", met.text())
                    .register(registry);
            return count;
        });
    }

    private static ReasonCode lacking(Reason reason) {
        return reason == null ? ReasonCode.NO_BOOT_SLOT : reason.code();
    }

    private static String text(Phase phase) {
        return phase.name().toLowerCase(Locale.ROOT);
    }
}
