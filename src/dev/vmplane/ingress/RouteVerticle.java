package dev.vmplane.ingress;

import dev.vmplane.bus.Address;
import dev.vmplane.bus.Bus;
import dev.vmplane.model.Changes;
import dev.vmplane.model.CrashPoint;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.Stats;
import dev.vmplane.model.Time;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.Queue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one writer of the {@link RouteTable}. It listens to commits first and loads the world then, so that nothing
 * falls between; when a commit is missing all the same, it loads again and keeps the last known routes meanwhile.
 */
public final class RouteVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(RouteVerticle.class);
    private static final Duration CATCH_UP_LIMIT = Duration.ofSeconds(5);
    private static final Duration RELOAD_DELAY = Duration.ofSeconds(1);
    private static final int MAX_WAITERS = 10_000;

    private final RouteTable table;
    private final Time time;
    private final IngressMeters meters;
    private final PriorityQueue<Waiter> waiters = new PriorityQueue<>(Comparator.comparingLong(Waiter::seq));
    private Bus bus;
    private boolean loading;

    /** One that nobody measures. */
    public RouteVerticle(RouteTable table, Time time) {
        this(table, time, IngressMeters.none());
    }

    public RouteVerticle(RouteTable table, Time time, IngressMeters meters) {
        this.table = table;
        this.time = time;
        this.meters = meters;
    }

    @Override
    public Future<?> start() {
        bus = new Bus(vertx);
        return bus.listen(Address.COMMITTED, this::follow)
                .compose(listening -> load())
                .compose(loaded -> Future.all(
                        bus.answer(Address.INGRESS_CAUGHT_UP, this::caughtUp),
                        bus.answer(
                                Address.INGRESS_OUTSTANDING, vmId -> Future.succeededFuture(table.outstanding(vmId)))));
    }

    /** A commit heard while the world is being loaded is part of it, or shows as a gap afterwards. */
    private void follow(Changes changes) {
        changes.jobsGone().forEach(job -> meters.forget(job.jobId()));
        if (loading) {
            return;
        }
        CrashPoint.ROUTES_BEHIND.here();
        switch (table.apply(changes)) {
            case APPLIED -> release();
            case KNOWN -> {}
            case GAP -> reload();
        }
    }

    private Future<Stats> load() {
        loading = true;
        return bus.ask(Address.STORE_STATS, Address.Nothing.NOTHING)
                .onComplete(answered -> loading = false)
                .map(world -> {
                    table.load(world);
                    release();
                    return world;
                });
    }

    private void reload() {
        LOG.atWarn().addKeyValue("seq", table.applied()).log("route table missed a commit and loads the world again");
        load().onFailure(cause -> time.after(RELOAD_DELAY, this::reload));
    }

    private Future<Long> caughtUp(Long seq) {
        if (table.applied() >= seq) {
            return Future.succeededFuture(table.applied());
        }
        if (waiters.size() >= MAX_WAITERS) {
            return Future.failedFuture(new Refusal(
                            Refusal.Kind.BUSY,
                            "too_many_waiting",
                            null,
                            "ingress cannot answer: " + MAX_WAITERS + " requests wait for it already")
                    .asException());
        }
        var waiter = new Waiter(seq, Promise.promise());
        waiters.add(waiter);
        var alarm = time.after(CATCH_UP_LIMIT, () -> giveUp(waiter));
        return waiter.answer.future().onComplete(answered -> alarm.cancel());
    }

    private void giveUp(Waiter waiter) {
        waiters.remove(waiter);
        waiter.answer.fail(new Refusal(
                        Refusal.Kind.UNAVAILABLE,
                        "ingress_behind",
                        null,
                        "ingress cannot confirm the route: it did not reach event " + waiter.seq + " in time")
                .asException());
    }

    private void release() {
        Queue<Waiter> ready = new ArrayDeque<>();
        while (!waiters.isEmpty() && waiters.peek().seq <= table.applied()) {
            ready.add(waiters.remove());
        }
        ready.forEach(waiter -> waiter.answer.complete(table.applied()));
    }

    private record Waiter(long seq, Promise<Long> answer) {}
}
