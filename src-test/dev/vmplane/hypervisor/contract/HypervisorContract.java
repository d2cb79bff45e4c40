package dev.vmplane.hypervisor.contract;

import dev.vmplane.hypervisor.Hypervisor;
import dev.vmplane.hypervisor.Machine;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What every driver must do, however its hypervisor is spoken to: one set of facts, run against each of them. A driver
 * joins by a subclass that says how to make a machine for it. What came of it is in {@code target/contract.txt}.
 */
@ExtendWith(ContractTable.class)
abstract class HypervisorContract implements LaunchFacts, LifeFacts, AgentFacts, EndFacts, TroubleFacts {
    private ContractRig rig;
    private Hypervisor hypervisor;
    private Machine machine;

    /** A new place for one fact. */
    abstract ContractRig open() throws Exception;

    @BeforeEach
    void begin() throws Exception {
        rig = open();
        hypervisor = rig.hypervisor();
        machine = rig.machine(1);
    }

    @AfterEach
    void end() {
        if (rig != null) {
            rig.close();
        }
    }

    @Override
    public ContractRig rig() {
        return rig;
    }

    @Override
    public Hypervisor hypervisor() {
        return hypervisor;
    }

    @Override
    public Machine machine() {
        return machine;
    }
}
