package dev.vmplane.model;

/**
 * Identity of a hypervisor process that a pid alone cannot give, because pids are used again.
 *
 * @param startTicks field 22 of {@code /proc/<pid>/stat}: clock ticks between the host's boot and the process's start
 */
public record VmmProcess(long pid, long startTicks) {}
