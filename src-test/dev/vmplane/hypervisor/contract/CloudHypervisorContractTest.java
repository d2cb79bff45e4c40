package dev.vmplane.hypervisor.contract;

import dev.vmplane.host.CpuInfo;
import dev.vmplane.host.Kvm;
import dev.vmplane.hypervisor.AgentSocket;
import dev.vmplane.hypervisor.BackendDetection;
import dev.vmplane.hypervisor.UnixHttp;
import dev.vmplane.hypervisor.cloudhypervisor.CloudHypervisorHypervisor;
import dev.vmplane.model.Backend;
import java.io.IOException;

/** Where KVM opens but is not usable, machines start and their guests hang. */
@Subject(
        value = "cloud_hypervisor@real",
        programs = {BackendDetection.CLOUD_HYPERVISOR_PROGRAM, "ip"},
        kvm = true,
        root = true)
final class CloudHypervisorContractTest extends HypervisorContract {

    @Override
    ContractRig open() throws IOException {
        return new RealRig(
                BackendDetection.CLOUD_HYPERVISOR_PROGRAM,
                Kvm.usable(CpuInfo.ofThisHost()),
                RealRig.Connection.TAP,
                (host, processes, program) -> new CloudHypervisorHypervisor(
                        Backend.CLOUD_HYPERVISOR,
                        program.toString(),
                        processes,
                        new UnixHttp(host.vertx),
                        new AgentSocket(host.vertx),
                        host.worker));
    }
}
