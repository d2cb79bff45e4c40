package dev.vmplane.host.cgroup;

/**
 * What the kernel says a VM has used.
 *
 * @param cpuNanos processor time since its cgroup was made; 0 where the kernel does not tell
 * @param memoryBytes what it holds now, its hypervisor and page cache included
 */
public record Usage(long cpuNanos, long memoryBytes) {}
