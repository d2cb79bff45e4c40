package dev.vmplane.hypervisor.contract;

import dev.vmplane.host.CpuInfo;
import dev.vmplane.host.Kvm;
import dev.vmplane.host.VmUids;
import dev.vmplane.hypervisor.AgentSocket;
import dev.vmplane.hypervisor.BackendDetection;
import dev.vmplane.hypervisor.UnixHttp;
import dev.vmplane.hypervisor.firecracker.FirecrackerHypervisor;
import dev.vmplane.hypervisor.firecracker.JailedLaunch;
import dev.vmplane.hypervisor.firecracker.JailerChoice;
import dev.vmplane.model.Backend;
import java.io.IOException;

/** A jail takes root, and is made anew for each machine. */
@Subject(
        value = "firecracker+jailer@real",
        programs = {BackendDetection.FIRECRACKER_PROGRAM, JailerChoice.JAILER_PROGRAM},
        kvm = true,
        root = true)
final class JailedFirecrackerContractTest extends HypervisorContract {
    private static final int UID_BASE = 200_000;

    @Override
    ContractRig open() throws IOException {
        var jailer = BackendDetection.program(JailerChoice.JAILER_PROGRAM, System.getenv("PATH"))
                .orElseThrow();
        return new RealRig(
                BackendDetection.FIRECRACKER_PROGRAM,
                Kvm.usable(CpuInfo.ofThisHost()),
                RealRig.Connection.LOOPBACK,
                (host, processes, program) -> new FirecrackerHypervisor(
                        Backend.FIRECRACKER,
                        new JailedLaunch(jailer, program, VmUids.of(UID_BASE, "127.0.0.0/8"), host.worker),
                        processes,
                        new UnixHttp(host.vertx),
                        new AgentSocket(host.vertx)));
    }
}
