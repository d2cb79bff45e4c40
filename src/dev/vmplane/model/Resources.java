package dev.vmplane.model;

/** What one guest gets of the host: virtual CPUs (1 to 32, Firecracker's limit) and memory in MiB. */
public record Resources(int vcpu, int memoryMib) {}
