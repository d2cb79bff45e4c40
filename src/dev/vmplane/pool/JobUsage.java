package dev.vmplane.pool;

import dev.vmplane.host.cgroup.Usage;
import dev.vmplane.metric.JobLabels;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/** Adds up what VMs use, for each job and for all that wait in pools. A hundred jobs have series of their own. */
public final class JobUsage {
    private static final int JOBS = 100;
    private static final double NANOS = 1e9;

    private final MeterRegistry registry;
    private final JobLabels<Meters> jobs;
    private final Meters pools;
    /** Processor time by VM, as of the last look; null before the first. */
    private Map<String, Long> cpuBefore;

    private Set<Meters> shown = Set.of();

    /** Compared by identity: there is one for each label. */
    private static final class Meters {
        private final AtomicLong memory = new AtomicLong();
        private Counter cpu;
        private Gauge memoryGauge;
    }

    public JobUsage(MeterRegistry registry) {
        this.registry = registry;
        this.pools = make("vmplane.pool", "VMs that no job has");
        this.jobs = new JobLabels<>(JOBS, label -> make("vmplane.job", "the VMs of a job", "job_id", label), this::end);
    }

    private Meters make(String prefix, String whose, String... tags) {
        var meters = new Meters();
        meters.cpu = Counter.builder(prefix + ".cpu")
                .description("processor time of " + whose)
                .baseUnit("seconds")
                .tags(tags)
                .register(registry);
        meters.memoryGauge = Gauge.builder(prefix + ".memory", meters.memory, AtomicLong::get)
                .description("memory of " + whose + ", their hypervisors included")
                .baseUnit("bytes")
                .tags(tags)
                .register(registry);
        return meters;
    }

    private void end(Meters meters) {
        registry.remove(meters.cpu);
        registry.remove(meters.memoryGauge);
    }

    /**
     * Shows a look at all VMs. What those had used that were there at the first look is nobody's: it was before this
     * process counted.
     *
     * @param jobOf the job of a VM, by its id, or null when none has it
     */
    void show(Map<String, Usage> usages, Function<String, String> jobOf) {
        var cpu = new HashMap<String, Long>();
        var memory = new HashMap<Meters, Long>();
        usages.forEach((vmId, usage) -> {
            var jobId = jobOf.apply(vmId);
            var meters = jobId == null ? pools : jobs.of(jobId);
            cpu.put(vmId, usage.cpuNanos());
            memory.merge(meters, usage.memoryBytes(), Long::sum);
            var before = cpuBefore == null ? usage.cpuNanos() : cpuBefore.getOrDefault(vmId, 0L);
            meters.cpu.increment(Math.max(0, usage.cpuNanos() - before) / NANOS);
        });
        shown.forEach(meters -> meters.memory.set(0));
        memory.forEach((meters, bytes) -> meters.memory.set(bytes));
        shown = new HashSet<>(memory.keySet());
        cpuBefore = cpu;
    }

    void forget(String jobId) {
        jobs.forget(jobId);
    }
}
