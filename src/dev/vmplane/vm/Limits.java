package dev.vmplane.vm;

import java.time.Duration;

/**
 * How long the steps of a life may take.
 *
 * @param start from the row to a configured hypervisor
 * @param boot from the start of the CPUs to the start of the guest's program
 * @param stop from asking the guest to end to making it
 */
public record Limits(Duration start, Duration boot, Duration stop) {}
