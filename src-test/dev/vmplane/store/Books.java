package dev.vmplane.store;

import dev.vmplane.Specs;
import dev.vmplane.bus.Address.DeleteJob;
import dev.vmplane.bus.Address.Moved;
import dev.vmplane.bus.Address.PutAnswer;
import dev.vmplane.bus.Address.PutJob;
import dev.vmplane.model.Backoff;
import dev.vmplane.model.Changes;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.Event;
import dev.vmplane.model.EventType;
import dev.vmplane.model.GuestExit;
import dev.vmplane.model.Intents;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Owner;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Retry;
import dev.vmplane.model.Spec;
import dev.vmplane.model.SpecHash;
import dev.vmplane.model.States;
import dev.vmplane.model.VmState;
import java.time.Duration;
import java.time.Instant;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** A ledger without a database, on a clock that tests turn: every operation is one transaction unless it says otherwise. */
final class Books {
    static final String TENANT = "acme";
    static final Rules RULES = new Rules(
            "here",
            new Backoff(Duration.ofSeconds(10), Duration.ofSeconds(300), Duration.ofMinutes(10)),
            Duration.ofSeconds(20),
            Duration.ofSeconds(5),
            Duration.ofMinutes(10),
            1000);

    final Ledger ledger;
    Instant now = Instant.parse("2026-01-01T00:00:00Z");
    /** What the last transaction changed. */
    Changes last = Changes.NONE;

    private int ids;

    Books() {
        this("127.64.0.0/24");
    }

    Books(String addressRange) {
        ledger = new Ledger(new Addresses(addressRange));
    }

    static String hash(String colour) {
        return SpecHash.of(Specs.boot(colour));
    }

    static PutJob put(String jobId, Spec spec) {
        return new PutJob(jobId, TENANT, spec, DesiredVm.Source.API);
    }

    <A> A commit(Function<Draft, A> operation) {
        var draft = new Draft(ledger, RULES, now, () -> "vm-new-" + ++ids);
        var answer = operation.apply(draft);
        last = draft.changes();
        ledger.apply(last);
        ledger.apply(draft.answers().changes());
        return answer;
    }

    PutAnswer wish(String jobId, Spec spec) {
        return commit(draft -> draft.putJob(put(jobId, spec)));
    }

    void delete(String jobId) {
        commit(draft -> draft.deleteJob(new DeleteJob(jobId, null)));
    }

    void place(String jobId, int replica) {
        var generation = ledger.job(jobId).generation();
        commit(draft -> draft.intend(placing(jobId, replica, generation)));
    }

    static Intents placing(String jobId, int replica, long generation) {
        return new Intents(List.of(new Intents.Place(jobId, replica, generation)), List.of(), List.of());
    }

    static Intents warming(String colour, int count) {
        return new Intents(List.of(), List.of(new Intents.Warm(hash(colour), count)), List.of());
    }

    MicroVm move(String vmId, VmState to) {
        var from = vm(vmId).phase();
        return commit(draft -> draft.moved(new Moved(vmId, from, to)));
    }

    /** The VM ends and nobody had asked for it. */
    void fail(String vmId) {
        move(vmId, new VmState.Failed(now, new Reason(ReasonCode.VMM_DIED, "it is gone"), GuestExit.UNKNOWN));
    }

    /** The program of the guest ends by itself. */
    void exit(String vmId, int status) {
        var reason = new Reason(ReasonCode.GUEST_EXITED, "ended with status " + status);
        var exit = new GuestExit(status, null);
        move(vmId, status == 0 ? new VmState.Stopped(now, reason, exit) : new VmState.Failed(now, reason, exit));
    }

    /** A VM that is there already, in a phase since now, put past the rules. */
    MicroVm there(String vmId, String colour, Owner owner, Phase phase) {
        var address = ledger.addresses().next(new BitSet()).orElseThrow();
        var vm = new MicroVm(
                vmId, "here", hash(colour), Specs.boot(colour), owner, States.of(phase, now), address, now, false);
        put(vm);
        return vm;
    }

    void put(MicroVm vm) {
        ledger.apply(new Changes(List.of(), List.of(), List.of(vm), List.of(), List.of(), List.of(), List.of()));
    }

    MicroVm warm(String vmId, String colour) {
        return there(vmId, colour, null, Phase.WARM);
    }

    MicroVm owned(String vmId, String colour, String jobId, Phase phase) {
        return there(vmId, colour, owner(jobId, 0), phase);
    }

    Owner owner(String jobId, int replica) {
        return new Owner(jobId, TENANT, replica, 1);
    }

    MicroVm vm(String vmId) {
        return ledger.vm(vmId);
    }

    Phase phase(String vmId) {
        return vm(vmId).phase();
    }

    Retry retry(String jobId) {
        return ledger.retry(Retry.ofReplica(jobId, 0));
    }

    void pass(Duration length) {
        now = now.plus(length);
    }

    List<EventType> told() {
        return last.events().stream().map(Event::type).toList();
    }

    Map<String, Object> factsOf(EventType type) {
        return last.events().stream()
                .filter(event -> event.type() == type)
                .findFirst()
                .orElseThrow()
                .data();
    }
}
