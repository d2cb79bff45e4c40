package dev.vmplane.vm;

import dev.vmplane.hypervisor.Machine;
import dev.vmplane.vm.agent.Agent;

/** Gives the way to the agent in the guest of a machine; costs nothing until it is spoken to. */
@FunctionalInterface
public interface Agents {
    Agent of(Machine machine);
}
