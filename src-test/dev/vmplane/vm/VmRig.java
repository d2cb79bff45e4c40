package dev.vmplane.vm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Await;
import dev.vmplane.LedgerStore;
import dev.vmplane.ManualTime;
import dev.vmplane.Samples;
import dev.vmplane.bus.Address;
import dev.vmplane.bus.Bus;
import dev.vmplane.hypervisor.Inspection;
import dev.vmplane.model.Boot;
import dev.vmplane.model.Completion;
import dev.vmplane.model.Hooks;
import dev.vmplane.model.Lifecycle;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Owner;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Spec;
import dev.vmplane.model.VmState;
import dev.vmplane.model.VmmProcess;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/**
 * The verticle of one microVM, {@code vm-1}, among neighbours a test commands: a store with the real rules, a fake
 * hypervisor and ground, a guest that listens, an ingress that counts, and time that is turned by hand.
 */
final class VmRig {
    static final String VM = "vm-1";
    static final Owner OWNER = Samples.owner("web", 0);
    static final Limits LIMITS = new Limits(Duration.ofSeconds(30), Duration.ofSeconds(60), Duration.ofSeconds(10));
    static final Reason WISH = new Reason(ReasonCode.DELETED, "somebody wants it gone");

    /** How often {@link Samples} are checked. */
    private static final Duration INTERVAL = Duration.ofSeconds(1);

    private static final Duration MOMENT = Duration.ofMillis(50);

    final ManualTime time = new ManualTime(Samples.NOW);
    final LedgerStore store = new LedgerStore(time);
    final FakeHypervisor hypervisor = new FakeHypervisor(this::phase);
    final FakeAgent agent = new FakeAgent(this::phase);
    final FakeGround ground = new FakeGround();
    final AtomicInteger outstanding = new AtomicInteger();
    final AtomicInteger outstandingAsked = new AtomicInteger();
    final Guest guest;
    private final Vertx vertx;
    private final Bus bus;
    private Hooks hooks = Hooks.NONE;
    private boolean adopted;
    private String deployment;

    VmRig(Vertx vertx) {
        this.vertx = vertx;
        bus = new Bus(vertx);
        guest = new Guest(vertx);
        Await.of(vertx.deployVerticle(store));
        Await.of(bus.answer(Address.INGRESS_OUTSTANDING, vmId -> {
            outstandingAsked.incrementAndGet();
            return Future.succeededFuture(outstanding.get());
        }));
        store.keep(Samples.job("web", Samples.spec(Lifecycle.SERVICE, 1, null, guest.port)));
        Await.of(bus.listen(Address.COMMITTED, changes -> changes.vms().forEach(vm -> knock())));
    }

    /** What the guest is to be told, from the next row on. */
    VmRig hooks(Hooks hooks) {
        this.hooks = hooks;
        return this;
    }

    /** The job that VMs are for says this, too. */
    VmRig job(Completion completion, Map<String, String> attachEnv) {
        var spec = Samples.spec(Lifecycle.SERVICE, 1, null, guest.port);
        store.keep(Samples.job(
                "web",
                new Spec(
                        spec.role(),
                        spec.image(),
                        spec.boot(),
                        spec.lifecycle(),
                        spec.warmPool(),
                        spec.restart(),
                        completion,
                        spec.replicas(),
                        spec.host(),
                        spec.allow(),
                        attachEnv,
                        spec.labels())));
        return this;
    }

    /** Commits that somebody has the VM, or nobody, and where it stands now. */
    void commit(Owner owner, VmState state) {
        store.keep(store.vm(VM).with(owner, state));
    }

    /** A row that waits to boot gets its verticle. */
    VmRig start(Owner owner) {
        return deploy(owner, new VmState.Pending(time.now()), null);
    }

    /** Starts, for a job, and goes on until the guest's CPUs run and it has not said a word. */
    VmRig booting() {
        start(OWNER);
        until(() -> hypervisor.calls().contains(FakeHypervisor.Call.BOOT));
        return this;
    }

    /** Starts, for a warm pool, and goes on until it is warm. */
    VmRig warm() {
        ground.guestStarts();
        start(null);
        check(200);
        until(Phase.WARM);
        return this;
    }

    /** Starts, for a job, and goes on until it serves. */
    VmRig running() {
        ground.guestStarts();
        start(OWNER);
        check(200);
        until(Phase.RUNNING);
        return this;
    }

    /** A row of a former control plane's VM, whose process is found like this, gets its verticle. */
    VmRig adopt(Owner owner, VmState state, Inspection found) {
        adopted = true;
        hypervisor.runs(found);
        ground.exists();
        return deploy(owner, state, Samples.PROCESS);
    }

    /** A row of a former control plane's VM gets its verticle, and no process is found for it. */
    VmRig adoptWithoutProcess(Owner owner, VmState state) {
        ground.exists();
        return deploy(owner, state, null);
    }

    private VmRig deploy(Owner owner, VmState state, VmmProcess found) {
        var plain = Samples.boot(guest.port);
        var boot = new Boot(
                plain.rootfs(),
                plain.kernel(),
                plain.program(),
                plain.resources(),
                plain.volumes(),
                plain.port(),
                plain.health(),
                hooks,
                plain.tenant());
        var row = new MicroVm(
                VM, "node-1", Samples.HASH, boot, owner, state, guest.address, List.of(), Samples.NOW, false);
        store.keep(row);
        var parts = new VmParts(hypervisor, machine -> agent, ground, new HealthProbe(vertx, time), LIMITS, time);
        deployment = Await.of(vertx.deployVerticle(new VmVerticle(row, found, parts)));
        return this;
    }

    void knock() {
        bus.publish(Address.vmLook(VM), VM);
    }

    /** Asks for memory of the guest, as the API does. */
    Future<Integer> reclaim(int mebibytes) {
        return bus.ask(Address.vmReclaim(VM), mebibytes);
    }

    void retire() {
        store.retire(VM, WISH);
    }

    /** Lets the guest answer its next check like this, and has it checked. */
    void check(int status) {
        untilAlarms(1);
        guest.answers(status);
        time.advance(INTERVAL);
    }

    /**
     * Waits until at least this many alarms are set: what was rung for before has then been seen to. The one that bounds
     * the building of the machine does not count.
     */
    void untilAlarms(int count) {
        until(() -> built() && time.pending() >= count);
    }

    /** A row says that its VM boots a moment before the verticle hears that it does. */
    private boolean built() {
        return switch (phase()) {
            case PENDING, STARTING -> false;
            case BOOTING -> adopted || hypervisor.calls().contains(FakeHypervisor.Call.BOOT);
            case WARMING, WARM, PAUSED, RUNNING, DRAINING, STOPPING, STOPPED, FAILED -> true;
        };
    }

    /**
     * Lets time pass, as much as it takes. Between any two moments a question crosses the event loops and comes back, so
     * that what can happen without time passing has happened long before a limit of seconds is reached.
     */
    void passTimeUntil(Phase phase) {
        until(() -> {
            time.advance(MOMENT);
            Await.of(bus.ask(Address.INGRESS_OUTSTANDING, VM));
            return phase() == phase;
        });
    }

    void until(Phase phase) {
        Await.until(phase, () -> Future.succeededFuture(phase()));
    }

    void until(BooleanSupplier fact) {
        Await.until(true, () -> Future.succeededFuture(fact.getAsBoolean()));
    }

    /** The verticle ends and the VM goes on. */
    void letGo() {
        Await.of(vertx.undeploy(deployment));
    }

    Phase phase() {
        return last().phase();
    }

    /** The last row that was committed, even when it has gone since. */
    MicroVm last() {
        var rows = store.committed();
        return rows.get(rows.size() - 1);
    }

    /** Waits for the end of everything and looks for what is left. */
    MicroVm gone() {
        until(this::left);
        assertThat(hypervisor.alive()).as("a process is left").isFalse();
        assertThat(ground.made()).as("a directory is left").isFalse();
        return last();
    }

    /** Once a life has ended, time matters to nothing but what is tried again. */
    private boolean left() {
        if (phase().ended()) {
            time.advance(INTERVAL);
        }
        var row = store.vm(VM);
        return (row == null || row.released()) && !vertx.deploymentIDs().contains(deployment);
    }
}
