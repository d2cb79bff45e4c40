package dev.vmplane.feed;

import dev.vmplane.metric.Timers;
import dev.vmplane.model.Backend;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** What the rows of microVMs tell: where they stand, how they came up, why they failed, and how pools served. */
final class VmMeters {
    private final MeterRegistry registry;
    private final Map<String, MicroVm> vms = new HashMap<>();
    private final Map<Phase, AtomicInteger> byPhase = new EnumMap<>(Phase.class);
    private final Map<String, ReasonCode> waits = new HashMap<>();
    private final Map<ReasonCode, AtomicInteger> waitingByReason = new EnumMap<>(ReasonCode.class);
    private final Map<ReasonCode, Counter> failures = new EnumMap<>(ReasonCode.class);
    /** When VMs got their owner that do not serve it yet, by id. */
    private final Map<String, Instant> claims = new HashMap<>();

    private final Refills refills = new Refills();
    private final Timer bootTime;
    private final Timer claimTime;
    private final Timer warmAge;
    private final Timer refillTime;

    VmMeters(MeterRegistry registry, Backend backend) {
        this.registry = registry;
        for (var phase : Phase.values()) {
            var count = new AtomicInteger();
            byPhase.put(phase, count);
            Gauge.builder("vmplane.vms", count, AtomicInteger::get)
                    .description("microVMs, ended ones whose rows are kept included")
                    .tag("phase", phase.name().toLowerCase(Locale.ROOT))
                    .register(registry);
        }
        for (var reason : ReasonCode.values()) {
            failures.put(
                    reason,
                    Counter.builder("vmplane.vm.failures")
                            .description("microVMs that failed")
                            .tag("reason", reason.text())
                            .register(registry));
        }
        // Shown from the start, at zero; others when they are first met.
        List.of(ReasonCode.NO_BOOT_SLOT, ReasonCode.NO_CAPACITY, ReasonCode.NO_ADDRESS)
                .forEach(this::waitingFor);
        bootTime = Timers.slow("vmplane.boot", "from the row of a microVM to warm or running")
                .tag("backend", backend.text())
                .register(registry);
        claimTime = Timers.quick("vmplane.claim", "from the commit that gave a microVM its owner to running")
                .register(registry);
        warmAge = Timers.slow("vmplane.pool.warm.age", "how long a microVM was warm when it was claimed")
                .register(registry);
        refillTime = Timers.slow("vmplane.pool.refill", "from the claim of a warm microVM to the next one being warm")
                .register(registry);
    }

    /** A row that was there before anything was counted. */
    void place(MicroVm vm) {
        stand(vm);
    }

    /** A row that has changed in a commit made {@code at}. */
    void move(MicroVm vm, Instant at) {
        var before = stand(vm);
        if (vm.phase() == Phase.FAILED && (before == null || before.phase() != Phase.FAILED)) {
            failures.get(vm.state().reason().code()).increment();
        }
        if (before != null) {
            boot(before, vm);
            claim(before, vm, at);
        }
    }

    private void boot(MicroVm before, MicroVm vm) {
        var arrived = vm.phase() == Phase.WARM || vm.phase() == Phase.RUNNING;
        if (arrived && before.phase().rising()) {
            bootTime.record(Duration.between(vm.createdAt(), vm.state().since()));
        }
        if (vm.claimable() && before.phase().rising()) {
            refills.filled(vm.specHash(), vm.state().since()).ifPresent(refillTime::record);
        }
    }

    private void claim(MicroVm before, MicroVm vm, Instant at) {
        if (before.owner() == null && vm.owner() != null && !vm.phase().leaving()) {
            claims.put(vm.vmId(), at);
            if (before.claimable()) {
                warmAge.record(Duration.between(before.state().since(), at));
                refills.taken(vm.specHash(), at);
            }
        }
        if (vm.phase() == Phase.RUNNING || vm.phase().leaving()) {
            var claimed = claims.remove(vm.vmId());
            if (claimed != null && vm.phase() == Phase.RUNNING) {
                claimTime.record(Duration.between(claimed, at));
            }
        }
    }

    /** Notes where a VM stands now, and answers its row before, or null. */
    private MicroVm stand(MicroVm vm) {
        var before = vms.put(vm.vmId(), vm);
        if (before != null) {
            byPhase.get(before.phase()).decrementAndGet();
        }
        byPhase.get(vm.phase()).incrementAndGet();
        waitsFor(vm.vmId(), vm.phase() == Phase.PENDING ? lacking(vm.state().reason()) : null);
        return before;
    }

    void forget(MicroVm vm) {
        var before = vms.remove(vm.vmId());
        claims.remove(vm.vmId());
        waitsFor(vm.vmId(), null);
        if (before != null) {
            byPhase.get(before.phase()).decrementAndGet();
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
}
