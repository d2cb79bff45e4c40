package dev.vmplane.feed;

import static dev.vmplane.Samples.NOW;
import static dev.vmplane.Samples.owner;
import static dev.vmplane.Samples.running;
import static dev.vmplane.Samples.service;
import static dev.vmplane.Samples.vm;
import static dev.vmplane.Samples.warm;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Await;
import dev.vmplane.FakeStore;
import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.PutJob;
import dev.vmplane.bus.Bus;
import dev.vmplane.model.Backend;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.GuestExit;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Retry;
import dev.vmplane.model.VmState;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(VertxExtension.class)
class MetersTest {
    private final FakeStore store = new FakeStore();
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private Vertx vertx;

    @BeforeEach
    void startMeters(Vertx vertx) {
        this.vertx = vertx;
        Await.of(vertx.deployVerticle(store));
        store.keep(service("early"));
        store.keep(vm("vm-early", null, warm()));
        Await.of(vertx.deployVerticle(new Meters(registry, Backend.QEMU)));
    }

    @Test
    void whatWasThereBeforeIsCounted() {
        assertThat(registry.scrape())
                .contains("vmplane_vms{phase=\"warm\"} 1.0")
                .contains("vmplane_vms{phase=\"running\"} 0.0")
                .contains("vmplane_jobs 1.0")
                .contains("vmplane_pool_hits_total 0.0");
    }

    @Test
    void aClaimIsAHitAndMovesTheVm() {
        var wish = new PutJob("web", "web", service("web").spec(), DesiredVm.Source.API);

        Await.of(new Bus(vertx).ask(Address.STORE_JOB_PUT, wish));

        untilScraped("vmplane_pool_hits_total 1.0");
        assertThat(registry.scrape())
                .contains("vmplane_vms{phase=\"warm\"} 0.0")
                .contains("vmplane_vms{phase=\"running\"} 1.0")
                .contains("vmplane_jobs 2.0");
    }

    @Test
    void aFailureIsCountedOnceUnderItsReason() {
        var failed = new VmState.Failed(NOW, new Reason(ReasonCode.VMM_DIED, "gone"), GuestExit.UNKNOWN);

        store.move("vm-early", failed);
        store.move("vm-early", failed);
        store.keep(service("last"));

        untilScraped("vmplane_jobs 2.0");
        assertThat(registry.scrape()).contains("vmplane_vm_failures_total{reason=\"vmm_died\"} 1.0");
    }

    @Test
    void aBootIsTimedFromItsRowToItsRunning() {
        store.keep(vm("vm-b", owner("web", 0), new VmState.Booting(NOW, NOW, null)));

        store.move("vm-b", new VmState.Running(NOW.plusMillis(250), running().process(), true));

        untilScraped("vmplane_boot_seconds_count{backend=\"qemu\"} 1");
        assertThat(registry.get("vmplane.boot").timer().totalTime(TimeUnit.MILLISECONDS))
                .isEqualTo(250);
    }

    @Test
    void aClaimTellsHowLongItsVmWasWarmAndTheNextOneHowLongItsPlaceWasEmpty() {
        var claimed = vm("vm-early", owner("web", 0), running());
        store.keep(vm("vm-next", null, new VmState.Booting(NOW, NOW, null)));

        store.keep(claimed);
        store.move("vm-next", new VmState.Warm(NOW.plusSeconds(3), running().process()));

        untilScraped("vmplane_pool_refill_seconds_sum 3.0");
        assertThat(registry.scrape())
                .contains("vmplane_pool_warm_age_seconds_count 1")
                .contains("vmplane_claim_seconds_count 1");
    }

    @Test
    void whatFailsAgainAndAgainIsALoopUntilItIsForgotten() {
        var reason = new Reason(ReasonCode.VMM_DIED, "gone");
        for (var failures = 1; failures <= 3; failures++) {
            store.keep("web", new Retry("job/web/0", "hash", failures, NOW, NOW, reason));
        }
        // Brought forward, not failed again.
        store.keep("web", new Retry("job/web/0", "hash", 3, NOW.plusSeconds(1), NOW, reason));
        untilScraped("vmplane_crash_loops 1.0");

        store.keep("web", new Retry("job/web/0", "hash", 4, null, NOW, reason));

        untilScraped("vmplane_crash_loops 0.0");
        assertThat(registry.scrape()).contains("vmplane_restarts_total{of=\"replica\"} 3.0");
    }

    private void untilScraped(String line) {
        Await.until(true, () -> Future.succeededFuture(registry.scrape().contains(line)));
    }
}
