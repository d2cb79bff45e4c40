package dev.vmplane.api;

import dev.vmplane.bus.Address;
import dev.vmplane.bus.Bus;
import dev.vmplane.model.Changes;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.Time;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What VMs print, for people to read: what there is, and with {@code follow} what comes. Belongs to one event loop. */
final class LogEndpoints {
    /** Each costs a file that is opened for a moment, once a second when nothing comes. */
    private static final int MAX_READERS = 256;

    private static final Duration HEARTBEAT = Duration.ofSeconds(15);

    private final Bus bus;
    private final Time time;
    private final Set<LogReader> readers = new HashSet<>();
    private boolean beating;

    LogEndpoints(Bus bus, Time time) {
        this.bus = bus;
        this.time = time;
    }

    Future<Void> listen() {
        return bus.listen(Address.COMMITTED, this::hear);
    }

    void ofJob(RoutingContext context) {
        read(context, LogTarget.job(bus, context.pathParam("job_id"), time::now));
    }

    void ofInstance(RoutingContext context) {
        read(context, LogTarget.instance(bus, context.pathParam("vm_id")));
    }

    private void read(RoutingContext context, LogTarget target) {
        var request = context.request();
        var query = LogQuery.of(
                context.queryParams(),
                request.getHeader(HttpHeaders.ACCEPT),
                request.getHeader("last-event-id"),
                time.now());
        if (readers.size() >= MAX_READERS) {
            context.fail(new Refusal(
                            Refusal.Kind.BUSY,
                            "too_many_readers",
                            null,
                            "logs cannot be read: " + MAX_READERS + " others read some already")
                    .asException());
            return;
        }
        target.look().onComplete(seen -> begin(context, target, query, seen), context::fail);
    }

    private void begin(RoutingContext context, LogTarget target, LogQuery query, LogTarget.Seen seen) {
        if (!context.response().closed()) {
            var reader = new LogReader(context.request(), target, query, bus, time, readers::remove);
            readers.add(reader);
            beat();
            reader.begin(seen);
        }
    }

    private void hear(Changes changes) {
        if (!readers.isEmpty()) {
            List.copyOf(readers).forEach(reader -> reader.hear(changes.events()));
        }
    }

    private void beat() {
        if (!beating) {
            beating = true;
            time.after(HEARTBEAT, this::beatAgain);
        }
    }

    private void beatAgain() {
        beating = false;
        if (!readers.isEmpty()) {
            List.copyOf(readers).forEach(LogReader::beat);
            beat();
        }
    }
}
