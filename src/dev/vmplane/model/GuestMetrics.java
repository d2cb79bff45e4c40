package dev.vmplane.model;

/**
 * How a guest says it is doing; nobody can check it.
 *
 * @param load1 average over a minute; the two that follow are over 5 and 15
 * @param diskFreeKib of the file system that its root's changes go to
 */
public record GuestMetrics(
        long memoryTotalKib,
        long memoryAvailableKib,
        double load1,
        double load5,
        double load15,
        long diskTotalKib,
        long diskFreeKib,
        int processes) {}
