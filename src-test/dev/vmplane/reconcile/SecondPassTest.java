package dev.vmplane.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Specs;
import dev.vmplane.bus.Address.DeleteJob;
import dev.vmplane.bus.Address.Moved;
import dev.vmplane.bus.Address.PutJob;
import dev.vmplane.bus.Address.Slices;
import dev.vmplane.model.Backoff;
import dev.vmplane.model.Brake;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.GuestExit;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Spec;
import dev.vmplane.model.VmState;
import dev.vmplane.store.Addresses;
import dev.vmplane.store.Draft;
import dev.vmplane.store.Ledger;
import dev.vmplane.store.Rules;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** What a pass asks for is carried out by the store; the pass that follows asks for nothing more. */
class SecondPassTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final Rules RULES = new Rules(
            "here", new Backoff(LIMIT, LIMIT.multipliedBy(30), LIMIT.multipliedBy(60)), LIMIT, LIMIT, LIMIT, 1000);

    private final Ledger ledger = new Ledger(new Addresses("127.64.0.0/24"));
    private int ids;

    @Test
    void aNewJobAndItsPoolAreMadeInOnePass() {
        wish("web", Specs.service("red", 2, 3, 2));

        var made = pass();

        assertThat(made).isEqualTo(2 + 2);
        assertThat(pass()).isZero();
    }

    @Test
    void aChangedSpecIsAnsweredInOnePass() {
        wish("web", Specs.service("red", 1, 1));
        pass();
        wish("web", Specs.service("blue", 1, 1));

        var asked = pass();

        assertThat(asked)
                .as("a place, a refill, a surplus, and the former VM, which has not booted")
                .isEqualTo(4);
        assertThat(pass()).isZero();
    }

    @Test
    void aJobThatScalesDownIsAnsweredInOnePass() {
        wish("web", Specs.service("red", 0, 0, 3));
        pass();
        wish("web", Specs.service("red", 0, 0, 1));

        assertThat(pass()).isEqualTo(2);
        assertThat(pass()).isZero();
    }

    @Test
    void aPoolWhoseJobIsGoneIsGivenUpInOnePass() {
        wish("web", Specs.service("red", 2, 2));
        pass();
        commit(draft -> draft.deleteJob(new DeleteJob("web", null)));

        assertThat(pass()).isEqualTo(2);
        assertThat(pass()).isZero();
    }

    @Test
    void aPoolThatFailedTriesWithOneVm() {
        wish("batch", Specs.service("red", 3, 3, 0));
        pass();
        List.copyOf(ledger.vms()).forEach(this::fails);
        var inBackoff = pass();

        var tried = pass(NOW.plus(LIMIT.multipliedBy(30)));

        assertThat(inBackoff).isZero();
        assertThat(tried).isEqualTo(1);
        assertThat(pass(NOW.plus(LIMIT.multipliedBy(30)))).isZero();
    }

    private int pass() {
        return pass(NOW);
    }

    /** Looks at every key, carries the plan out, and says how much was asked for. */
    private int pass(Instant now) {
        var world = new Slices(
                ledger.jobIds().stream().map(ledger::viewOf).toList(),
                ledger.specHashes().stream().map(ledger::pool).toList());
        var intents =
                Reconciler.reconcile(world, hash -> 0, 0, new Brake(50, 5), now).intents();
        commit(draft -> draft.intend(intents));
        var warmed = intents.warm().stream().mapToInt(warm -> warm.count()).sum();
        return intents.place().size() + warmed + intents.retire().size();
    }

    private void wish(String jobId, Spec spec) {
        commit(draft -> draft.putJob(new PutJob(jobId, "acme", spec, DesiredVm.Source.API)));
    }

    private void fails(MicroVm vm) {
        var failed = new VmState.Failed(NOW, new Reason(ReasonCode.VMM_DIED, "gone"), GuestExit.UNKNOWN);
        commit(draft -> draft.moved(new Moved(vm.vmId(), vm.phase(), failed)));
    }

    private void commit(Consumer<Draft> operation) {
        var draft = new Draft(ledger, RULES, NOW, () -> "vm-" + ++ids);
        operation.accept(draft);
        ledger.apply(draft.changes());
    }
}
