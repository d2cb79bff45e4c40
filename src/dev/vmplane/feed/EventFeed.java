package dev.vmplane.feed;

import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.EventQuery;
import dev.vmplane.bus.Bus;
import dev.vmplane.model.Changes;
import dev.vmplane.model.Event;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import dev.vmplane.model.Time;
import dev.vmplane.stream.ServerSentEvent;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Answers {@code GET /events}: the durable log as pages of JSON, or as a stream of server-sent events that begins behind
 * the event the reader has and goes on with what is committed from then on, without a gap or a repeat.
 *
 * <p>Belongs to one event loop. It starts to listen to commits with its first reader and encodes each once for all.
 */
public final class EventFeed implements Handler<RoutingContext> {
    private static final Duration HEARTBEAT = Duration.ofSeconds(15);
    private static final int MAX_READERS = 4096;
    private static final int MAX_PAGE = 1000;
    private static final int USUAL_PAGE = 100;

    private final Vertx vertx;
    private final Time time;
    private final Set<EventReader> readers = new HashSet<>();
    private Bus bus;
    private Future<Void> listening;
    private long heard;
    private boolean beating;

    public EventFeed(Vertx vertx, Time time) {
        this.vertx = vertx;
        this.time = time;
    }

    @Override
    public void handle(RoutingContext context) {
        var since = since(context);
        var accept = context.request().getHeader(HttpHeaders.ACCEPT);
        if (accept != null && accept.contains("application/json")) {
            page(context, since.orElse(0L));
        } else if (readers.size() >= MAX_READERS) {
            context.fail(new Refusal(
                            Refusal.Kind.BUSY,
                            "too_many_readers",
                            null,
                            "the stream cannot be read: " + MAX_READERS + " others do already")
                    .asException());
        } else {
            listening().onComplete(ready -> stream(context, since), context::fail);
        }
    }

    /** A slice of the log: the oldest first, above {@code since}. */
    Future<List<Event>> log(long since, int limit) {
        return bus().ask(Address.STORE_EVENTS, new EventQuery(since, limit));
    }

    /** The last event that was told to readers here. */
    long heard() {
        return heard;
    }

    void leave(EventReader reader) {
        readers.remove(reader);
    }

    private void stream(RoutingContext context, Optional<Long> since) {
        if (context.response().closed()) {
            return;
        }
        var reader = new EventReader(context.request(), this, time);
        readers.add(reader);
        beat();
        reader.begin(since);
    }

    private void page(RoutingContext context, long since) {
        var limit = limit(context);
        log(since, limit).onComplete(events -> sendPage(context, events, limit), context::fail);
    }

    private static void sendPage(RoutingContext context, List<Event> events, int limit) {
        var items = new JsonArray();
        events.forEach(event -> items.add(EventFrame.json(event)));
        var more = events.size() == limit;
        var body = new JsonObject()
                .put("items", items)
                .put("next", more ? Long.toString(events.get(limit - 1).seq()) : null);
        context.response()
                .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
                .end(body.toBuffer());
    }

    private Future<Void> listening() {
        if (listening == null) {
            listening = bus().listen(Address.COMMITTED, this::hear);
        }
        return listening;
    }

    private Bus bus() {
        if (bus == null) {
            bus = new Bus(vertx);
        }
        return bus;
    }

    private void hear(Changes changes) {
        heard = changes.seq();
        if (!readers.isEmpty()) {
            var batch = new EventBatch(changes.events());
            List.copyOf(readers).forEach(reader -> reader.hear(batch));
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
            List.copyOf(readers).forEach(reader -> reader.remark(ServerSentEvent.COMMENT));
            beat();
        }
    }

    /** What the reader has already; a browser that reconnects says so in a header. */
    private static Optional<Long> since(RoutingContext context) {
        var header = context.request().getHeader("last-event-id");
        var text = header != null ? header : context.queryParams().get("since");
        return Optional.ofNullable(text).map(given -> number("since", given, Long.MAX_VALUE));
    }

    private static int limit(RoutingContext context) {
        var text = context.queryParams().get("limit");
        return text == null ? USUAL_PAGE : (int) Math.max(1, number("limit", text, MAX_PAGE));
    }

    private static long number(String name, String text, long most) {
        if (text.matches("[0-9]{1,18}") && Long.parseLong(text) <= most) {
            return Long.parseLong(text);
        }
        throw refused(name, name + " must be a whole number" + (most == Long.MAX_VALUE ? "" : " up to " + most));
    }

    private static RefusedException refused(String name, String message) {
        return new Refusal(Refusal.Kind.BAD_INPUT, "bad_query", name, message).asException();
    }
}
