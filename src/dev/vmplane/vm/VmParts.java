package dev.vmplane.vm;

import dev.vmplane.hypervisor.Hypervisor;
import dev.vmplane.model.Time;

/** What every microVM's verticle works with; the same for all of them. */
public record VmParts(
        Hypervisor hypervisor, Agents agents, Ground ground, HealthProbe probe, Limits limits, Time time) {}
