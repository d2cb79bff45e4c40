package dev.vmplane.pool;

import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.PageQuery;
import dev.vmplane.bus.Bus;
import dev.vmplane.host.cgroup.Usage;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Time;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks from time to time at what VMs use of this host. The next look begins some time after the last has ended. */
public final class UsageVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(UsageVerticle.class);

    private static final Duration EVERY = Duration.ofSeconds(30);
    private static final PageQuery EVERYTHING = new PageQuery(null, null, Integer.MAX_VALUE);

    private final Supplier<Future<Map<String, Usage>>> usages;
    private final JobUsage meters;
    private final Time time;
    private Bus bus;
    private boolean stopped;

    /** @param usages what VMs have used, by their ids */
    public UsageVerticle(Supplier<Future<Map<String, Usage>>> usages, JobUsage meters, Time time) {
        this.usages = usages;
        this.meters = meters;
        this.time = time;
    }

    @Override
    public Future<?> start() {
        bus = new Bus(vertx);
        return bus.listen(Address.COMMITTED, changes -> changes.jobsGone().forEach(job -> meters.forget(job.jobId())))
                .onSuccess(listening -> time.after(EVERY, this::look));
    }

    @Override
    public Future<?> stop() {
        stopped = true;
        return Future.succeededFuture();
    }

    private void look() {
        if (stopped) {
            return;
        }
        usages.get()
                .compose(found -> bus.ask(Address.STORE_INSTANCE_LIST, EVERYTHING)
                        .map(rows -> {
                            var byId =
                                    rows.items().stream().collect(Collectors.toMap(MicroVm::vmId, Function.identity()));
                            meters.show(found, vmId -> jobOf(byId.get(vmId)));
                            return found.size();
                        }))
                .onFailure(cause -> LOG.atWarn().setCause(cause).log("what vms use could not be read"))
                .onComplete(done -> time.after(EVERY, this::look));
    }

    private static String jobOf(MicroVm vm) {
        return vm == null || vm.owner() == null ? null : vm.owner().jobId();
    }
}
