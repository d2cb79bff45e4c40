package dev.vmplane.hypervisor.contract;

import dev.vmplane.hypervisor.simulator.SimulatorRig;

@Subject("firecracker@simulator")
final class SimulatedFirecrackerContractTest extends HypervisorContract {

    @Override
    ContractRig open() {
        return new SimulatedRig(SimulatorRig::hypervisor);
    }
}
