package dev.vmplane.hypervisor.contract;

import dev.vmplane.host.CpuInfo;
import dev.vmplane.host.Kvm;
import dev.vmplane.hypervisor.AgentSocket;
import dev.vmplane.hypervisor.BackendDetection;
import dev.vmplane.hypervisor.UnixHttp;
import dev.vmplane.hypervisor.firecracker.FirecrackerHypervisor;
import dev.vmplane.hypervisor.firecracker.RawLaunch;
import dev.vmplane.model.Backend;
import java.io.IOException;

/** Where KVM opens but is not usable, machines start and their guests hang. */
@Subject(value = "firecracker@real", programs = BackendDetection.FIRECRACKER_PROGRAM, kvm = true)
final class FirecrackerContractTest extends HypervisorContract {

    @Override
    ContractRig open() throws IOException {
        return new RealRig(
                BackendDetection.FIRECRACKER_PROGRAM,
                Kvm.usable(CpuInfo.ofThisHost()),
                RealRig.Connection.LOOPBACK,
                (host, processes, program) -> new FirecrackerHypervisor(
                        Backend.FIRECRACKER,
                        new RawLaunch(program.toString(), host.worker),
                        processes,
                        new UnixHttp(host.vertx),
                        new AgentSocket(host.vertx)));
    }
}
