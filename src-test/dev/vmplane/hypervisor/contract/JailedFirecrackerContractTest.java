package dev.vmplane.hypervisor.contract;

import static org.assertj.core.api.Assumptions.assumeThat;

import dev.vmplane.host.CpuInfo;
import dev.vmplane.host.Kvm;
import dev.vmplane.host.VmUids;
import dev.vmplane.hypervisor.BackendDetection;
import dev.vmplane.hypervisor.UnixHttp;
import dev.vmplane.hypervisor.firecracker.FirecrackerHypervisor;
import dev.vmplane.hypervisor.firecracker.JailedLaunch;
import dev.vmplane.hypervisor.firecracker.JailerChoice;
import dev.vmplane.model.Backend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The same Firecracker in the jail that its jailer makes. */
@Subject(
        value = "firecracker@jailed",
        programs = {BackendDetection.FIRECRACKER_PROGRAM, JailerChoice.JAILER_PROGRAM},
        kvm = true)
final class JailedFirecrackerContractTest extends HypervisorContract {
    private static final VmUids UIDS = VmUids.of(200_000, "127.0.0.0/8");

    @Override
    ContractRig open() throws IOException {
        assumeThat(Files.getAttribute(Path.of("/proc/self"), "unix:uid"))
                .as("jails are made by root")
                .isEqualTo(0);
        var jailer = BackendDetection.program(JailerChoice.JAILER_PROGRAM, System.getenv("PATH"))
                .orElseThrow();
        return new RealRig(
                BackendDetection.FIRECRACKER_PROGRAM,
                Kvm.usable(CpuInfo.ofThisHost()),
                RealRig.Connection.LOOPBACK,
                (host, processes, program) -> new FirecrackerHypervisor(
                        Backend.FIRECRACKER,
                        new JailedLaunch(jailer, program, UIDS, host.worker),
                        processes,
                        new UnixHttp(host.vertx)));
    }
}
