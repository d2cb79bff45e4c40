package dev.vmplane.host.cgroup;

import dev.vmplane.model.Overhead;
import dev.vmplane.model.Resources;
import java.util.List;

/**
 * How much of its host one VM may take, its hypervisor included.
 *
 * @param cpuMicros processor time in each {@link #CPU_PERIOD_MICROS}
 * @param memoryBytes memory, with no swap beside it
 * @param processes threads count each
 */
record Limits(long cpuMicros, long memoryBytes, int processes) {
    /** The kernel's own default: short enough that a throttled guest does not seem dead. */
    static final long CPU_PERIOD_MICROS = 100_000;

    /**
     * A quarter of a processor for the threads beside the guest's: disks, network and the API. Without it a guest that
     * computes with all it has would take the time from its own disks and network.
     */
    private static final long HYPERVISOR_CPU_MICROS = CPU_PERIOD_MICROS / 4;

    /** QEMU runs up to 64 threads for the files behind its disks; twice that leaves room for the rest of any hypervisor. */
    private static final int HYPERVISOR_PROCESSES = 128;

    private static final long MIB = 1024 * 1024;

    static Limits of(Resources resources, Overhead overhead) {
        return new Limits(
                resources.vcpu() * CPU_PERIOD_MICROS + HYPERVISOR_CPU_MICROS,
                overhead.withGuestMib(resources.memoryMib()) * MIB,
                resources.vcpu() + HYPERVISOR_PROCESSES);
    }

    /**
     * One file to write.
     *
     * @param optional true for what only some kernels have
     */
    record Setting(Controller controller, String file, String value, boolean optional) {}

    /** The files of version 1 or 2, in the order in which they can be written. */
    List<Setting> settings(boolean unified) {
        return unified ? unified() : separate();
    }

    private List<Setting> unified() {
        return List.of(
                needed(Controller.CPU, "cpu.max", cpuMicros + " " + CPU_PERIOD_MICROS),
                needed(Controller.MEMORY, "memory.max", Long.toString(memoryBytes)),
                optional("memory.swap.max", "0"),
                // A hypervisor that lost one of its threads would be worse than one that is gone.
                optional("memory.oom.group", "1"),
                needed(Controller.PIDS, "pids.max", Integer.toString(processes)));
    }

    /** Of version 1, the limit with swap can be set only when the one without is no larger. */
    private List<Setting> separate() {
        return List.of(
                needed(Controller.CPU, "cpu.cfs_period_us", Long.toString(CPU_PERIOD_MICROS)),
                needed(Controller.CPU, "cpu.cfs_quota_us", Long.toString(cpuMicros)),
                needed(Controller.MEMORY, "memory.limit_in_bytes", Long.toString(memoryBytes)),
                optional("memory.memsw.limit_in_bytes", Long.toString(memoryBytes)),
                needed(Controller.PIDS, "pids.max", Integer.toString(processes)));
    }

    private static Setting needed(Controller controller, String file, String value) {
        return new Setting(controller, file, value, false);
    }

    private static Setting optional(String file, String value) {
        return new Setting(Controller.MEMORY, file, value, true);
    }
}
