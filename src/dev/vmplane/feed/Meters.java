package dev.vmplane.feed;

import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.Nothing;
import dev.vmplane.bus.Address.Page;
import dev.vmplane.bus.Address.PageQuery;
import dev.vmplane.bus.Bus;
import dev.vmplane.model.Backend;
import dev.vmplane.model.Changes;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.EventType;
import dev.vmplane.model.Stats;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Counts committed facts for {@code GET /metrics}. No label takes a value that users choose, so the number of series
 * does not grow with the fleet. Counters start at zero with the process; gauges start with the world.
 */
public final class Meters extends VerticleBase {
    private static final int PAGE = 1000;
    private static final long MEBI = 1024 * 1024;

    private final Set<String> jobs = new HashSet<>();
    private final AtomicInteger jobCount = new AtomicInteger();
    private final VmMeters vms;
    private final RetryMeters retries;
    private final ImageMeters images;
    private final Counter hits;
    private final Counter misses;
    private Bus bus;

    /** @param backend what boots the VMs of this host */
    public Meters(MeterRegistry registry, Backend backend) {
        vms = new VmMeters(registry, backend);
        retries = new RetryMeters(registry);
        images = new ImageMeters(registry);
        Gauge.builder("vmplane.jobs", jobCount, AtomicInteger::get)
                .description("desired VMs")
                .register(registry);
        hits = Counter.builder("vmplane.pool.hits")
                .description("places of jobs that a warm microVM filled")
                .register(registry);
        misses = Counter.builder("vmplane.pool.misses")
                .description("places of jobs that a warm microVM could have filled, and none was there")
                .register(registry);
    }

    @Override
    public Future<?> start() {
        bus = new Bus(vertx);
        return bus.listen(Address.COMMITTED, this::count).compose(listening -> load());
    }

    /**
     * Shows what VMs have, or may have, of the host.
     *
     * @param state {@code total} or {@code held}
     */
    public static void room(MeterRegistry registry, String state, Supplier<Number> vcpus, Supplier<Number> memoryMib) {
        Gauge.builder("vmplane.capacity.vcpus", vcpus)
                .description("virtual CPUs of all VMs of this host")
                .tag("state", state)
                .register(registry);
        Gauge.builder("vmplane.capacity.memory", () -> memoryMib.get().doubleValue() * MEBI)
                .description("memory of all VMs of this host, their hypervisors included")
                .baseUnit("bytes")
                .tag("state", state)
                .register(registry);
    }

    /** The store tells a commit before it answers with it, so what is loaded is never older than what was heard. */
    private Future<?> load() {
        return bus.ask(Address.STORE_STATS, Nothing.NOTHING)
                .map(this::place)
                .compose(placed -> each(Address.STORE_INSTANCE_LIST, null, vms::place))
                .compose(placed -> each(Address.STORE_IMAGE_LIST, null, view -> images.place(view.image())));
    }

    private Stats place(Stats world) {
        for (var view : world.jobs()) {
            jobs.add(view.job().jobId());
            view.retries().forEach(retries::place);
        }
        world.pools().stream()
                .map(Stats.PoolView::retry)
                .filter(Objects::nonNull)
                .forEach(retries::place);
        jobCount.set(jobs.size());
        return world;
    }

    private <T> Future<?> each(Address<PageQuery, Page<T>> list, String after, Consumer<T> place) {
        return bus.ask(list, new PageQuery(null, after, PAGE)).compose(page -> {
            page.items().forEach(place);
            return page.next() == null ? Future.succeededFuture() : each(list, page.next(), place);
        });
    }

    private void count(Changes changes) {
        for (var event : changes.events()) {
            if (event.type() == EventType.VM_ATTACHED) {
                hits.increment();
            } else if (event.type() == EventType.POOL_MISS) {
                misses.increment();
            }
        }
        changes.jobs().stream().map(DesiredVm::jobId).forEach(jobs::add);
        changes.jobsGone().stream().map(DesiredVm::jobId).forEach(jobs::remove);
        jobCount.set(jobs.size());
        // All that one commit tells happened at one time.
        var at = changes.events().get(0).at();
        changes.vms().forEach(vm -> vms.move(vm, at));
        changes.vmsGone().forEach(vms::forget);
        retries.count(changes);
        images.count(changes, at);
    }
}
