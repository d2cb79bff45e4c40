package dev.vmplane.vm;

import dev.vmplane.bus.Address;
import dev.vmplane.bus.Bus;
import dev.vmplane.model.Exec;
import dev.vmplane.model.GuestMetrics;
import dev.vmplane.model.Refusal;
import dev.vmplane.vm.agent.Agent;
import io.vertx.core.Future;

/** What people ask of one guest while it is up. Nothing of it changes the VM, so nothing of it waits in the VM's line. */
final class Visits {
    private final VmRow row;
    private final Agent agent;
    private final ExecSessions programs;

    Visits(Bus bus, VmRow row, Agent agent) {
        this.row = row;
        this.agent = agent;
        this.programs = new ExecSessions(bus, agent);
    }

    Future<?> receive(Bus bus) {
        return Future.all(
                bus.answer(Address.vmExec(row.id()), this::exec),
                bus.answer(Address.vmMetrics(row.id()), nothing -> metrics()));
    }

    private Future<Exec.Started> exec(Exec.Start start) {
        return up("run a program").compose(up -> programs.start(start));
    }

    private Future<GuestMetrics> metrics() {
        return up("say how it is").compose(up -> agent.metrics()).recover(AgentRefusal::of);
    }

    /** Fails where there is no guest to speak with. */
    private Future<Void> up(String verb) {
        return switch (row.phase()) {
            case WARMING, WARM, RUNNING, DRAINING -> Future.succeededFuture();
            case PENDING, STARTING, BOOTING, PAUSED, STOPPING, STOPPED, FAILED ->
                Future.failedFuture(new Refusal(
                                Refusal.Kind.CONFLICT,
                                "vm_not_running",
                                null,
                                "vm " + row.id() + " cannot " + verb + ": it is " + row.phase())
                        .asException());
        };
    }
}
