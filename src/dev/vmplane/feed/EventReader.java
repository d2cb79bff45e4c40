package dev.vmplane.feed;

import dev.vmplane.model.Event;
import dev.vmplane.model.Time;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * One reader of the event stream. It is either behind, and then reads the log page by page, or up to date, and then gets
 * what is committed. Nothing is kept for it in memory: when its connection is full it falls behind, and when it stays
 * full it is closed and resumes later by the id of the last event it got.
 */
final class EventReader {
    private static final Duration FULL_LIMIT = Duration.ofSeconds(10);
    private static final int MAX_PENDING_BYTES = 64 * 1024;
    private static final int PAGE = 256;

    private final HttpServerRequest request;
    private final HttpServerResponse response;
    private final EventFeed feed;
    private final Time time;
    private long sent;
    private int pendingBytes;
    private boolean upToDate;
    private Time.Alarm full;
    private boolean closed;

    EventReader(HttpServerRequest request, EventFeed feed, Time time) {
        this.request = request;
        this.response = request.response();
        this.feed = feed;
        this.time = time;
    }

    /** @param since what the reader has already; one that names nothing gets what happens from now on */
    void begin(Optional<Long> since) {
        response.setChunked(true)
                .putHeader(HttpHeaders.CONTENT_TYPE, "text/event-stream")
                .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
                .closeHandler(gone -> close())
                .exceptionHandler(broken -> close());
        send(Buffer.buffer("retry: 1000\n\n"));
        if (since.isEmpty()) {
            upToDate = true;
        } else {
            sent = since.get();
            verify();
        }
    }

    void hear(EventBatch batch) {
        if (upToDate && full == null) {
            write(batch);
        }
    }

    /** Says something that is no event and may be left out. */
    void remark(Buffer text) {
        if (full == null && !closed) {
            send(text);
        }
    }

    /** Looks whether the event the reader had last is still in the log, and in this log at all. */
    private void verify() {
        feed.log(Math.max(0, sent - 1), 1).onComplete(this::verified, cause -> hangUp());
    }

    private void verified(List<Event> next) {
        var first = next.isEmpty() ? 0 : next.get(0).seq();
        var follows = first == sent || first == sent + 1 || (next.isEmpty() && sent == 0);
        if (!follows) {
            var gap = new JsonObject().put("asked", sent).put("next", first == 0 ? 1 : first);
            remark(Buffer.buffer("event: log.gap\ndata: " + gap.encode() + "\n\n"));
            sent = Math.max(0, first - 1);
        }
        catchUp();
    }

    private void catchUp() {
        if (!closed) {
            feed.log(sent, PAGE).onComplete(this::read, cause -> hangUp());
        }
    }

    private void read(List<Event> page) {
        if (closed) {
            return;
        }
        if (!page.isEmpty()) {
            write(new EventBatch(page));
        }
        if (full == null) {
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
            send(lacking);
        }
    }

    /**
     * Counts what the operating system has not taken yet. The response's own count will not do: as of Vert.x 5.0.10 it
     * is not full before sixteen more writes of any size wait behind its limit, and here a write may be a whole page.
     */
    private void send(Buffer bytes) {
        pendingBytes += bytes.length();
        response.write(bytes).onComplete(taken -> taken(bytes.length()));
        if (full == null && pendingBytes > MAX_PENDING_BYTES) {
            upToDate = false;
            full = time.after(FULL_LIMIT, this::hangUp);
        }
    }

    private void taken(int bytes) {
        pendingBytes -= bytes;
        if (full != null && !closed && pendingBytes <= MAX_PENDING_BYTES / 2) {
            full.cancel();
            full = null;
            catchUp();
        }
    }

    private void hangUp() {
        close();
        request.connection().close();
    }

    private void close() {
        closed = true;
        upToDate = false;
        if (full != null) {
            full.cancel();
        }
        feed.leave(this);
    }
}
