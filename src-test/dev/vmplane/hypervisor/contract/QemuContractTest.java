package dev.vmplane.hypervisor.contract;

import dev.vmplane.host.CpuInfo;
import dev.vmplane.hypervisor.BackendDetection;
import dev.vmplane.hypervisor.qemu.Acceleration;
import dev.vmplane.hypervisor.qemu.QemuHypervisor;
import java.io.IOException;
import org.junit.jupiter.api.Tag;

/** QEMU is installed wherever the tests run, and has guests with or without KVM. */
@Tag("qemu")
@Subject("qemu@real")
final class QemuContractTest extends HypervisorContract {
    private static final Acceleration ACCELERATION = Acceleration.of(CpuInfo.ofThisHost());

    @Override
    ContractRig open() throws IOException {
        return new RealRig(
                BackendDetection.QEMU_PROGRAM,
                true,
                RealRig.Connection.FORWARDED,
                (host, processes, program) ->
                        new QemuHypervisor(host.vertx, host.worker, processes, program, ACCELERATION));
    }
}
