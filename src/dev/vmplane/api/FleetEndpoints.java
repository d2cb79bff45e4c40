package dev.vmplane.api;

import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.Nothing;
import dev.vmplane.bus.Address.PageQuery;
import dev.vmplane.bus.Bus;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.Time;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;

/** What can be read of the fleet and of the control plane itself. */
final class FleetEndpoints {
    private static final Duration READY_LIMIT = Duration.ofSeconds(2);
    private static final int LEFT_TO_GUEST_MIB = 64;

    private final Bus bus;
    private final Time time;
    private final JobWaits waits;
    private final PrometheusMeterRegistry metrics;

    FleetEndpoints(Bus bus, ApiParts parts, JobWaits waits) {
        this.bus = bus;
        this.time = parts.time();
        this.waits = waits;
        this.metrics = parts.metrics();
    }

    Future<Answer> instances(RoutingContext context) {
        return bus.ask(Address.STORE_INSTANCE_LIST, new Query(context.queryParams()).page())
                .map(page -> Answer.ok(Representation.of(page, Representation::of)));
    }

    Future<Answer> instance(RoutingContext context) {
        return bus.ask(Address.STORE_INSTANCE_GET, context.pathParam("vm_id"))
                .map(vm -> Answer.ok(Representation.of(vm)));
    }

    /** Only a guest that is up can spare memory; as much as it takes to stay up is left to it. */
    Future<Answer> reclaim(RoutingContext context) {
        var vmId = context.pathParam("vm_id");
        var mebibytes = new Query(context.queryParams()).mebibytes();
        return bus.ask(Address.STORE_INSTANCE_GET, vmId)
                .compose(vm -> reclaimable(vm, mebibytes)
                        ? bus.ask(Address.vmReclaim(vmId), mebibytes)
                        : Future.failedFuture(notReclaimable(vm).asException()))
                .map(told -> Answer.ok(new JsonObject().put("vm_id", vmId).put("reclaim_mb", told)));
    }

    private static boolean reclaimable(MicroVm vm, int mebibytes) {
        return (vm.phase() == Phase.WARM || vm.phase() == Phase.RUNNING)
                && mebibytes <= vm.boot().resources().memoryMib() - LEFT_TO_GUEST_MIB;
    }

    private static Refusal notReclaimable(MicroVm vm) {
        var most = Math.max(0, vm.boot().resources().memoryMib() - LEFT_TO_GUEST_MIB);
        return new Refusal(
                Refusal.Kind.CONFLICT,
                "not_reclaimable",
                "mb",
                "memory of vm " + vm.vmId() + " cannot be reclaimed: it is " + vm.phase()
                        + ", and of a VM that is warm or" + " running at most " + most + " MiB can be taken");
    }

    Future<Answer> stats(RoutingContext context) {
        return bus.ask(Address.STORE_STATS, Nothing.NOTHING)
                .map(stats -> Answer.ok(Representation.of(stats, time.now())));
    }

    void metrics(RoutingContext context) {
        context.response()
                .putHeader(HttpHeaders.CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")
                .end(metrics.scrape());
    }

    /** That it answers is the answer: the event loop turns. */
    Future<Answer> live(RoutingContext context) {
        return Future.succeededFuture(Answer.ok(new JsonObject().put("status", "live")));
    }

    /** Whether a wish made now would be kept and could become live. */
    Future<Answer> ready(RoutingContext context) {
        return bus.ask(Address.STORE_JOB_LIST, new PageQuery(null, null, 1), READY_LIMIT)
                .compose(page -> bus.ask(Address.INGRESS_CAUGHT_UP, waits.heard(), READY_LIMIT))
                .map(seq -> Answer.ok(new JsonObject().put("status", "ready").put("seq", seq)));
    }
}
