package dev.vmplane.stream;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;

/** The blocks of a stream of server-sent events, as bytes. */
public final class ServerSentEvent {
    public static final String CONTENT_TYPE = "text/event-stream";

    /** Says nothing, so that a connection does not look dead. */
    public static final Buffer COMMENT = Buffer.buffer(":\n\n");

    /** How soon a reader that was cut off comes again. */
    public static final Buffer RETRY = Buffer.buffer("retry: 1000\n\n");

    private ServerSentEvent() {}

    /**
     * One event.
     *
     * @param id where a reader resumes that has this one, or null when it cannot
     */
    public static Buffer of(String id, String event, JsonObject data) {
        var head = id == null ? "" : "id: " + id + "\n";
        return Buffer.buffer(head + "event: " + event + "\ndata: " + data.encode() + "\n\n");
    }
}
