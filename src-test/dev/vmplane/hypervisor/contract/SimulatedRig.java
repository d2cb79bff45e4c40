package dev.vmplane.hypervisor.contract;

import static dev.vmplane.host.HostRig.await;

import dev.vmplane.host.Processes;
import dev.vmplane.hypervisor.Hypervisor;
import dev.vmplane.hypervisor.Machine;
import dev.vmplane.hypervisor.simulator.SimulatorRig;
import dev.vmplane.model.VmmProcess;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Function;

/** Simulated processes, whose guests boot at once and obey. */
final class SimulatedRig implements ContractRig {
    private static final Traits TRAITS = new Traits("simulator", true, true, true);
    private static final Map<String, String> QUICK = Map.of("SIM_BOOT_MS", "1");

    private final Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
    private final SimulatorRig rig = await(SimulatorRig.start(vertx));
    private final Function<SimulatorRig, Hypervisor> drivers;

    SimulatedRig(Function<SimulatorRig, Hypervisor> drivers) {
        this.drivers = drivers;
    }

    @Override
    public Hypervisor hypervisor() {
        return drivers.apply(rig);
    }

    @Override
    public Hypervisor withoutProgram() {
        throw new UnsupportedOperationException("the simulator runs no program");
    }

    @Override
    public Processes processes() {
        return rig.processes();
    }

    @Override
    public Machine machine(int number) {
        return rig.machine(number, QUICK);
    }

    @Override
    public Future<Void> guestStarted(Machine machine) {
        return rig.printed(machine, "vmplane-guest: started").mapEmpty();
    }

    @Override
    public Future<?> deafen(Machine machine, VmmProcess process) {
        return rig.behave(machine.vmId(), new JsonObject().put("hang", true));
    }

    @Override
    public Future<?> strike(Machine machine, VmmProcess process) {
        return rig.processes().kill(machine.directory(), process);
    }

    @Override
    public Path home() {
        return rig.stateDir();
    }

    @Override
    public Traits traits() {
        return TRAITS;
    }

    @Override
    public void close() {
        await(vertx.close());
        rig.delete();
    }
}
