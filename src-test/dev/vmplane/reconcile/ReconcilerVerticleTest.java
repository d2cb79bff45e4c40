package dev.vmplane.reconcile;

import static dev.vmplane.Samples.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Await;
import dev.vmplane.LedgerStore;
import dev.vmplane.LedgerStore.Trouble;
import dev.vmplane.ManualTime;
import dev.vmplane.Pictures;
import dev.vmplane.Samples;
import dev.vmplane.Specs;
import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.Keys;
import dev.vmplane.bus.Address.Page;
import dev.vmplane.bus.Address.Slices;
import dev.vmplane.bus.Bus;
import dev.vmplane.model.Brake;
import dev.vmplane.model.Changes;
import dev.vmplane.model.Event;
import dev.vmplane.model.EventType;
import dev.vmplane.model.GuestExit;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.VmState;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(VertxExtension.class)
class ReconcilerVerticleTest {
    private static final Duration FULL_PASS = Duration.ofMinutes(1);
    private static final Duration RETRY_PASS = Duration.ofSeconds(1);
    private static final Brake BRAKE = new Brake(50, 5);

    private final ManualTime time = new ManualTime(NOW);
    private final LedgerStore store = new LedgerStore(time);
    private Vertx vertx;

    @BeforeEach
    void open(Vertx vertx) {
        this.vertx = vertx;
    }

    @Test
    void aJobThatIsWantedGetsARow() {
        start();

        store.keep(Samples.job("web", Specs.service("red", 0, 0)));

        untilVms(1);
        assertThat(store.vms().get(0).owner().jobId()).isEqualTo("web");
        assertThat(store.vms().get(0).phase()).isEqualTo(Phase.PENDING);
    }

    @Test
    void passesAreTimedAndWhatWaitsForOneIsCounted() {
        Await.of(vertx.deployVerticle(store));
        var registry = new SimpleMeterRegistry();
        Await.of(vertx.deployVerticle(new ReconcilerVerticle(BRAKE, time, new PassMeters(registry))));

        store.keep(Samples.job("web", Specs.service("red", 0, 0)));

        untilVms(1);
        until(() -> registry.get("vmplane.reconcile.queue").gauge().value() == 0
                && registry.get("vmplane.reconcile.pass").timer().count() >= 2);
    }

    @Test
    void whatWasWantedBeforeTheStartGetsARow() {
        Await.of(vertx.deployVerticle(store));
        store.keep(Samples.job("web", Specs.service("red", 0, 0)));

        Await.of(vertx.deployVerticle(new ReconcilerVerticle(BRAKE, time)));

        untilVms(1);
    }

    @Test
    void aPoolIsFilledToItsMin() {
        start();

        store.keep(Samples.job("web", Specs.service("red", 2, 3)));

        untilVms(3);
        assertThat(store.vms()).filteredOn(vm -> vm.owner() == null).hasSize(2);
    }

    @Test
    void whenNothingChangesNothingIsAsked() {
        start();
        store.keep(Samples.job("web", Specs.service("red", 0, 0)));
        // One look at the job, and one at what came of it.
        until(() -> store.looks().size() == 2);
        untilQuiet();

        time.advance(FULL_PASS.minusSeconds(1));

        hearAnother();
        assertThat(store.looks()).hasSize(2);
    }

    @Test
    void whatWaitedForAnImageIsMadeWhenItIsThere() {
        start();
        var bus = new Bus(vertx);
        var digest = Pictures.digest('a');
        Await.of(bus.ask(Address.STORE_IMAGE_PUT, Pictures.put(digest, "localhost/app:1")));
        store.keep(Samples.job("web", Specs.withImage(Specs.service("red", 1, 1), Pictures.pinned(digest))));
        until(() -> !store.looks().isEmpty());
        untilQuiet();
        var before = store.vms();

        Await.of(bus.ask(Address.STORE_IMAGE_MOVED, Pictures.ready(digest)));

        untilVms(2);
        assertThat(before).isEmpty();
    }

    @Test
    void aSlowPassLooksAtEverythingAgain() {
        start();
        store.keep(Samples.job("web", Specs.service("red", 0, 0)));
        // One look at the job, and one at what came of it.
        until(() -> store.looks().size() == 2);
        untilQuiet();

        time.advance(FULL_PASS);

        until(() -> store.looks().size() == 3);
        assertThat(lastLook()).isEqualTo(new Keys(List.of("web"), List.of(Samples.HASH)));
    }

    @Test
    void aPassThatFailsIsRepeatedWithTheSameKeys() {
        start();
        store.meet(Trouble.UNAVAILABLE);
        store.keep(Samples.job("web", Specs.service("red", 0, 0)));
        until(() -> store.looks().size() == 1);
        // The full pass, and the repetition.
        until(() -> time.pending() == 2);

        store.meet(Trouble.NONE);
        time.advance(RETRY_PASS);

        untilVms(1);
        assertThat(store.looks().get(1)).isEqualTo(store.looks().get(0));
    }

    @Test
    void whatWaitsForItsBackoffIsLookedAtWhenItIsOver() {
        start();
        store.keep(Samples.job("web", Specs.service("red", 0, 0)));
        untilVms(1);
        failTheLast();
        untilVms(2);
        failTheLast();
        // The full pass, and the end of the backoff that follows a second failure.
        until(() -> time.pending() == 2);
        assertThat(store.vms()).hasSize(2);

        time.advance(Duration.ofSeconds(10));

        untilVms(3);
    }

    @Test
    void thereIsOnePassAtATimeAndWhatKnocksMeanwhileSharesTheNext() {
        var asked = new CopyOnWriteArrayList<Keys>();
        var first = Promise.<Slices>promise();
        var bus = storeThatAnswers(keys -> {
            asked.add(keys);
            return asked.size() == 1 ? first.future() : Future.succeededFuture(nothing());
        });
        bus.publish(Address.COMMITTED, changed("one"));
        until(() -> asked.size() == 1);

        bus.publish(Address.COMMITTED, changed("two"));
        bus.publish(Address.COMMITTED, changed("three"));
        bus.publish(Address.COMMITTED, changed("two"));
        heard(bus);
        assertThat(asked).hasSize(1);
        first.complete(nothing());

        until(() -> asked.size() == 2);
        assertThat(asked.get(1).jobIds()).containsExactly("two", "three");
    }

    @Test
    void whoHasStoppedLooksAtNothing() {
        var deployment = start();
        Await.of(vertx.undeploy(deployment));
        var looks = store.looks().size();

        store.keep(Samples.job("web", Specs.service("red", 0, 0)));
        time.advance(FULL_PASS);

        hearAnother();
        assertThat(store.looks()).hasSize(looks);
    }

    private String start() {
        Await.of(vertx.deployVerticle(store));
        var deployment = Await.of(vertx.deployVerticle(new ReconcilerVerticle(BRAKE, time)));
        untilQuiet();
        return deployment;
    }

    /** The alarm for the next full pass is set when the pass before has begun. */
    private void untilQuiet() {
        until(() -> time.pending() == 1);
        hearAnother();
    }

    private void failTheLast() {
        var vm = store.vms().stream()
                .filter(row -> row.phase() == Phase.PENDING)
                .findFirst()
                .orElseThrow();
        var reason = new Reason(ReasonCode.LAUNCH_FAILED, "as the test says");
        var moved = new Address.Moved(
                vm.vmId(), vm.phase(), ((VmState.Live) vm.state()).toFailed(NOW, reason, GuestExit.UNKNOWN));
        Await.of(new Bus(vertx).ask(Address.STORE_INSTANCE_MOVED, moved));
    }

    private Bus storeThatAnswers(Function<Keys, Future<Slices>> slices) {
        var bus = new Bus(vertx);
        Await.of(bus.answer(
                Address.STORE_INSTANCE_LIST, query -> Future.succeededFuture(new Page<MicroVm>(List.of(), null))));
        Await.of(bus.answer(Address.STORE_KEYS, none -> Future.succeededFuture(new Keys(List.of(), List.of()))));
        Await.of(bus.answer(Address.STORE_SLICES, slices));
        Await.of(vertx.deployVerticle(new ReconcilerVerticle(BRAKE, time)));
        return bus;
    }

    private static Slices nothing() {
        return new Slices(List.of(), List.of());
    }

    private static Changes changed(String jobId) {
        var told = new Event(1, NOW, EventType.JOB_CHANGED, jobId, jobId, null, Map.of());
        return new Changes(
                List.of(Samples.service(jobId)), List.of(), List.of(), List.of(), List.of(), List.of(), List.of(told));
    }

    /** Everything that was told before has been heard by now: whoever listens last hears last. */
    private void heard(Bus bus) {
        var heard = Promise.<Void>promise();
        Await.of(bus.listen(Address.COMMITTED, changes -> heard.tryComplete()));
        bus.publish(Address.COMMITTED, Changes.NONE);
        Await.of(heard.future());
    }

    private void hearAnother() {
        heard(new Bus(vertx));
    }

    private Keys lastLook() {
        var looks = store.looks();
        return looks.get(looks.size() - 1);
    }

    private void untilVms(int count) {
        until(() -> store.vms().size() == count);
    }

    private static void until(BooleanSupplier fact) {
        Await.until(true, () -> Future.succeededFuture(fact.getAsBoolean()));
    }
}
