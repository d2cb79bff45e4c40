package dev.vmplane.feed;

import dev.vmplane.model.Event;
import dev.vmplane.model.Time;
import dev.vmplane.stream.PacedResponse;
import dev.vmplane.stream.ServerSentEvent;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Optional;

/**
 * One reader of the event stream. It is either behind, and then reads the log page by page, or up to date, and then gets
 * what is committed. Nothing is kept for it in memory: when its connection is full it falls behind, and when it stays
 * full it is closed and resumes later by the id of the last event it got.
 */
final class EventReader implements PacedResponse.Writer {
    private static final int PAGE = 256;

    private final PacedResponse response;
    private final EventFeed feed;
    private long sent;
    private boolean upToDate;

    EventReader(HttpServerRequest request, EventFeed feed, Time time) {
        this.response = new PacedResponse(request, this, time);
        this.feed = feed;
    }

    /** @param since what the reader has already; one that names nothing gets what happens from now on */
    void begin(Optional<Long> since) {
        response.begin(ServerSentEvent.CONTENT_TYPE);
        response.send(ServerSentEvent.RETRY);
        if (since.isEmpty()) {
            upToDate = true;
        } else {
            sent = since.get();
            verify();
        }
    }

    void hear(EventBatch batch) {
        if (upToDate) {
            write(batch);
        }
    }

    /** Says something that is no event and may be left out. */
    void remark(Buffer text) {
        response.remark(text);
    }

    /** Looks whether the event the reader had last is still in the log, and in this log at all. */
    private void verify() {
        feed.log(Math.max(0, sent - 1), 1).onComplete(this::verified, cause -> response.hangUp());
    }

    private void verified(List<Event> next) {
        var first = next.isEmpty() ? 0 : next.get(0).seq();
        var follows = first == sent || first == sent + 1 || (next.isEmpty() && sent == 0);
        if (!follows) {
            var gap = new JsonObject().put("asked", sent).put("next", first == 0 ? 1 : first);
            response.send(ServerSentEvent.of(null, "log.gap", gap));
            sent = Math.max(0, first - 1);
        }
        catchUp();
    }

    private void catchUp() {
        if (!response.closed()) {
            feed.log(sent, PAGE).onComplete(this::read, cause -> response.hangUp());
        }
    }

    private void read(List<Event> page) {
        if (response.closed()) {
            return;
        }
        if (!page.isEmpty()) {
            write(new EventBatch(page));
        }
        if (!response.full()) {
            // Whatever was told here while the page was on its way is in the log by now.
            upToDate = page.size() < PAGE && feed.heard() <= sent;
            if (!upToDate) {
                catchUp();
            }
        }
    }

    private void write(EventBatch batch) {
        if (batch.last() > sent) {
            var lacking = batch.after(sent);
            sent = batch.last();
            response.send(lacking);
            upToDate = upToDate && !response.full();
        }
    }

    @Override
    public void ready() {
        catchUp();
    }

    @Override
    public void gone() {
        upToDate = false;
        feed.leave(this);
    }
}
