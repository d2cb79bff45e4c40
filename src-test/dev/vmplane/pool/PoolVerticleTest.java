package dev.vmplane.pool;

import static dev.vmplane.Samples.NOW;
import static dev.vmplane.Samples.owner;
import static dev.vmplane.Samples.running;
import static dev.vmplane.Samples.vm;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Await;
import dev.vmplane.LedgerStore;
import dev.vmplane.ManualTime;
import dev.vmplane.Samples;
import dev.vmplane.bus.Address;
import dev.vmplane.bus.Bus;
import dev.vmplane.host.Estate;
import dev.vmplane.host.HostRig;
import dev.vmplane.host.Loans;
import dev.vmplane.model.Brake;
import dev.vmplane.model.GuestExit;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Overhead;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.VmState;
import dev.vmplane.model.VmmProcess;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Over a real estate and a store with the real rules, with verticles of VMs that only write down what they hear. */
class PoolVerticleTest {
    private static final VmState PENDING = new VmState.Pending(NOW);
    private static final VmState STARTING = new VmState.Starting(NOW, NOW.plusSeconds(30));
    private static final Reason WISH = new Reason(ReasonCode.DELETED, "somebody wants it gone");

    private final ManualTime time = new ManualTime(NOW);
    private final LedgerStore store = new LedgerStore(time);
    private final List<String> deployed = new CopyOnWriteArrayList<>();
    private final List<String> looks = new CopyOnWriteArrayList<>();
    private final Map<String, VmmProcess> given = new ConcurrentHashMap<>();
    private final Promise<Void> undeployed = Promise.promise();
    private final List<String> ended = new CopyOnWriteArrayList<>();
    private volatile String undeployable = "";
    private volatile String slowToStop = "";
    private HostRig host;

    @BeforeEach
    void open() throws IOException {
        host = new HostRig();
        Await.of(host.vertx.deployVerticle(store));
        store.keep(Samples.service("web"));
    }

    @AfterEach
    void close() throws IOException {
        undeployed.tryComplete();
        host.close();
    }

    @Test
    void whatRunsAlreadyIsAdoptedWithItsProcess() throws IOException {
        store.keep(vm("vm-1", owner("web", 0), running()));
        store.keep(vm("vm-2", owner("web", 1), running()));
        var process = host.startIdle(host.directory("vm-1"));

        start(1);

        assertThat(deployed).containsExactlyInAnyOrder("vm-1", "vm-2");
        assertThat(given).isEqualTo(Map.of("vm-1", process));
    }

    @Test
    void whatIsReleasedIsNotAdopted() {
        store.keep(vm("vm-1", owner("web", 0), new VmState.Stopped(NOW, WISH, GuestExit.UNKNOWN))
                .asReleased());

        start(1);

        assertThat(deployed).isEmpty();
    }

    @Test
    void whatHasNoRowIsSweptAtTheStart() {
        store.keep(vm("vm-1", owner("web", 0), running()));
        host.directory("vm-1");
        host.directory("vm-2");

        start(1);

        assertThat(Await.of(host.directories.held())).containsExactly("vm-1");
    }

    @Test
    void whatHasNoRowLaterIsSweptWithinAMinute() {
        start(1);
        host.directory("vm-1");

        time.advance(Duration.ofMinutes(1));

        until(() -> Await.of(host.directories.held()).isEmpty());
    }

    @Test
    void asManyBootAsThereAreSlots() {
        start(2);

        keepPending("vm-1", "vm-2", "vm-3");

        untilDeployed("vm-1", "vm-2");
        settle();
        assertThat(deployed).containsExactlyInAnyOrder("vm-1", "vm-2");
    }

    @Test
    void aVmThatIsUpGivesItsSlotToTheNext() {
        start(1);
        keepPending("vm-1", "vm-2");
        untilDeployed("vm-1");

        store.keep(vm("vm-1", null, Samples.warm()));

        untilDeployed("vm-1", "vm-2");
    }

    @Test
    void rowsThatWaitedWhileTheControlPlaneWasAwayBoot() {
        keepPending("vm-1");

        start(1);

        untilDeployed("vm-1");
    }

    @Test
    void aVmThatWasBootingWhenTheControlPlaneStoppedHoldsItsSlot() {
        store.keep(vm("vm-1", null, STARTING));
        keepPending("vm-2");

        start(1);

        settle();
        assertThat(deployed).containsExactly("vm-1");
    }

    @Test
    void aCommitAboutAVmIsToldToItsVerticle() {
        store.keep(vm("vm-1", owner("web", 0), running()));
        start(1);

        store.retire("vm-1", WISH);

        until(() -> looks.contains("vm-1"));
    }

    @Test
    void aRowThatIsRetiredBeforeItHadASlotGetsAVerticleThatTellsItsEnd() {
        start(1);
        keepPending("vm-1", "vm-2");
        untilDeployed("vm-1");

        store.retire("vm-2", WISH);

        untilDeployed("vm-1", "vm-2");
        assertThat(given).isEmpty();
    }

    @Test
    void aVmWhoseVerticleCannotBeDeployedHasFailed() {
        start(1);
        undeployable = "vm-1";

        keepPending("vm-1");

        until(() -> store.vm("vm-1").phase() == Phase.FAILED);
        assertThat(store.vm("vm-1").state().reason().code()).isEqualTo(ReasonCode.DEFECT);
    }

    @Test
    void aRowThatCannotBeDeployedBecauseThePlaneStopsIsLeftAsItIs() {
        store.keep(vm("vm-1", null, STARTING));
        var pool = start(1);
        keepPending("vm-2");
        settle();
        slowToStop = "vm-1";
        var stopping = host.vertx.undeploy(pool);

        store.keep(vm("vm-1", null, Samples.warm()));
        until(() -> ended.contains("vm-2"));
        settle();
        undeployed.complete();

        Await.of(stopping);
        settle();
        assertThat(store.vm("vm-2").phase()).isEqualTo(Phase.PENDING);
        assertThat(store.committed()).extracting(MicroVm::phase).doesNotContain(Phase.FAILED);
    }

    private String start(int slots) {
        var estate =
                new Estate(host.processes, host.directories, new Loans(List.of(host.directories)), new Brake(50, 5));
        return Await.of(host.vertx.deployVerticle(
                new PoolVerticle(new Pool(slots, Room.UNLIMITED, new Overhead(0, 0)), estate, Listener::new, time)));
    }

    private void keepPending(String... vmIds) {
        for (var vmId : vmIds) {
            store.keep(vm(vmId, null, PENDING));
        }
    }

    private void untilDeployed(String... vmIds) {
        until(() -> Set.of(vmIds).equals(Set.copyOf(deployed)));
    }

    /** A commit that a pool has heard of, and every commit before it. */
    private void settle() {
        var bus = new Bus(host.vertx);
        var heard = Promise.<Void>promise();
        Await.of(bus.listen(Address.COMMITTED, changes -> heard.tryComplete()));
        store.keep(Samples.service("web"));
        Await.of(heard.future());
    }

    private static void until(BooleanSupplier fact) {
        Await.until(true, () -> Future.succeededFuture(fact.getAsBoolean()));
    }

    /** Stands for the verticle of a VM. */
    private final class Listener extends VerticleBase {
        private final String vmId;

        private Listener(MicroVm row, VmmProcess found) {
            vmId = row.vmId();
            if (found != null) {
                given.put(vmId, found);
            }
        }

        @Override
        public Future<?> start() {
            if (vmId.equals(undeployable)) {
                return Future.failedFuture("no room for it");
            }
            deployed.add(vmId);
            return new Bus(vertx).listen(Address.vmLook(vmId), looks::add);
        }

        @Override
        public Future<?> stop() {
            ended.add(vmId);
            return vmId.equals(slowToStop) ? undeployed.future() : Future.succeededFuture();
        }
    }
}
