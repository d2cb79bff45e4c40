package dev.vmplane.hypervisor.contract;

import dev.vmplane.hypervisor.simulator.SimulatorRig;

@Subject("cloud_hypervisor@simulator")
final class SimulatedCloudHypervisorContractTest extends HypervisorContract {

    @Override
    ContractRig open() {
        return new SimulatedRig(SimulatorRig::cloudHypervisor);
    }
}
