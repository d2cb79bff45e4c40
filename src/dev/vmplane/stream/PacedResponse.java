package dev.vmplane.stream;

import dev.vmplane.model.Time;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.time.Duration;

/**
 * A long answer, written at the pace of its reader. Whoever writes must stop when it is {@link #full} and is told when to
 * go on, so that nothing is kept in memory for a slow reader. One that stays full is cut off.
 */
public final class PacedResponse {
    private static final Duration FULL_LIMIT = Duration.ofSeconds(10);
    private static final int MAX_PENDING_BYTES = 64 * 1024;

    private final HttpServerRequest request;
    private final HttpServerResponse response;
    private final Writer writer;
    private final Time time;
    private int pendingBytes;
    private Time.Alarm full;
    private boolean closed;

    /** Who writes it. */
    public interface Writer {
        /** It is not full any more. */
        void ready();

        /** There is nobody to write to any more. */
        void gone();
    }

    public PacedResponse(HttpServerRequest request, Writer writer, Time time) {
        this.request = request;
        this.response = request.response();
        this.writer = writer;
        this.time = time;
    }

    public void begin(String contentType) {
        response.setChunked(true)
                .putHeader(HttpHeaders.CONTENT_TYPE, contentType)
                .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
                .putHeader("x-content-type-options", "nosniff")
                .closeHandler(gone -> close())
                .exceptionHandler(broken -> close());
    }

    /**
     * Counts what the operating system has not taken yet. The response's own count will not do: as of Vert.x 5.0.10 it
     * is not full before sixteen more writes of any size wait behind its limit, and here a write may be a whole page.
     */
    public void send(Buffer bytes) {
        if (closed || bytes.length() == 0) {
            return;
        }
        pendingBytes += bytes.length();
        response.write(bytes).onComplete(taken -> taken(bytes.length()));
        if (full == null && pendingBytes > MAX_PENDING_BYTES) {
            full = time.after(FULL_LIMIT, this::hangUp);
        }
    }

    /** Says something that may be left out. */
    public void remark(Buffer bytes) {
        if (full == null) {
            send(bytes);
        }
    }

    public boolean full() {
        return full != null;
    }

    public boolean closed() {
        return closed;
    }

    private void taken(int bytes) {
        pendingBytes -= bytes;
        if (full != null && !closed && pendingBytes <= MAX_PENDING_BYTES / 2) {
            full.cancel();
            full = null;
            writer.ready();
        }
    }

    /** All has been said. */
    public void end() {
        if (!closed) {
            response.end();
            close();
        }
    }

    /** Ends it so that the reader can tell that this was not all. */
    public void hangUp() {
        if (!closed) {
            close();
            request.connection().close();
        }
    }

    private void close() {
        if (!closed) {
            closed = true;
            if (full != null) {
                full.cancel();
            }
            writer.gone();
        }
    }
}
