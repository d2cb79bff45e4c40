package dev.vmplane.api;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.vmplane.model.LogLine;
import dev.vmplane.stream.ServerSentEvent;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;

/** How the lines of a log are written for one reader. */
final class LogText {
    /** What the console said before it, and the record of a line does not repeat. */
    private static final Buffer GUEST = Buffer.buffer("vmplane-guest: ");

    private final LogQuery query;
    private final boolean named;
    /** The VM and the stream of a line of which only a part was written, or null. */
    private String unfinished;

    /** @param named whether each line of plain text says which VM printed it */
    LogText(LogQuery query, boolean named) {
        this.query = query;
        this.named = named;
    }

    /**
     * One line.
     *
     * @param skipped how many bytes before it are kept no more
     * @param id where a reader goes on that has it, or null
     */
    void append(Buffer to, String vmId, LogLine line, long skipped, String id) {
        switch (query.form()) {
            case TEXT -> appendText(to, vmId, line);
            case EVENTS -> to.appendBuffer(ServerSentEvent.of(id, "log", json(vmId, line, skipped)));
            case JSON_LINES ->
                to.appendBuffer(json(vmId, line, skipped).put("id", id).toBuffer())
                        .appendString("\n");
        }
    }

    /** What is still missing when nothing comes any more. */
    Buffer end() {
        return unfinished == null ? Buffer.buffer() : Buffer.buffer("\n");
    }

    private void appendText(Buffer to, String vmId, LogLine line) {
        var place = vmId + " " + line.stream();
        if (unfinished != null && !unfinished.equals(place)) {
            to.appendString("\n");
            unfinished = null;
        }
        if (unfinished == null) {
            appendHead(to, vmId, line);
        }
        to.appendBytes(line.bytes());
        unfinished = line.partial() ? place : null;
        if (!line.partial()) {
            to.appendString("\n");
        }
    }

    private void appendHead(Buffer to, String vmId, LogLine line) {
        if (named) {
            to.appendString(vmId + " ");
        }
        if (query.timestamps()) {
            to.appendString((line.at() == null ? "-" : line.at().toString()) + " ");
        }
        if (line.stream() == LogLine.Stream.GUEST) {
            to.appendBuffer(GUEST);
        }
    }

    private static JsonObject json(String vmId, LogLine line, long skipped) {
        var json = new JsonObject().put("vm_id", vmId);
        if (line.at() != null) {
            json.put("at", line.at().toString());
        }
        json.put("stream", LogQuery.text(line.stream())).put("text", new String(line.bytes(), UTF_8));
        if (line.partial()) {
            json.put("partial", true);
        }
        if (skipped > 0) {
            json.put("skipped_bytes", skipped);
        }
        return json;
    }
}
