package dev.vmplane.pool;

import static dev.vmplane.Samples.owner;
import static dev.vmplane.Samples.running;
import static dev.vmplane.Samples.service;
import static dev.vmplane.Samples.vm;

import dev.vmplane.Await;
import dev.vmplane.FakeStore;
import dev.vmplane.ManualTime;
import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.DeleteJob;
import dev.vmplane.bus.Bus;
import dev.vmplane.host.cgroup.Usage;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(VertxExtension.class)
class UsageVerticleTest {
    private static final Duration EVERY = Duration.ofSeconds(30);

    private final FakeStore store = new FakeStore();
    private final ManualTime time = new ManualTime();
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

    @Test
    void whatVmsUseIsShownUnderTheirJobsAlsoAfterALookThatFailed(Vertx vertx) {
        var answer = new AtomicReference<Future<Map<String, Usage>>>(Future.failedFuture("not now"));
        Await.of(vertx.deployVerticle(store));
        store.keep(service("web"));
        store.keep(vm("vm-1", owner("web", 0), running()));
        Await.of(vertx.deployVerticle(new UsageVerticle(answer::get, new JobUsage(registry), time)));
        time.advance(EVERY);
        Await.until(1, () -> Future.succeededFuture(time.pending()));

        answer.set(Future.succeededFuture(Map.of("vm-1", new Usage(0, 4096))));
        time.advance(EVERY);

        Await.until(4096.0, () -> Future.succeededFuture(memoryOfWeb()));
        Await.of(new Bus(vertx).ask(Address.STORE_JOB_DELETE, new DeleteJob("web", null)));
        Await.until(-1.0, () -> Future.succeededFuture(memoryOfWeb()));
    }

    private double memoryOfWeb() {
        var gauge = registry.find("vmplane.job.memory").tag("job_id", "web").gauge();
        return gauge == null ? -1 : gauge.value();
    }
}
