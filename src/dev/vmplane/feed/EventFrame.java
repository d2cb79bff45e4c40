package dev.vmplane.feed;

import dev.vmplane.model.Event;
import dev.vmplane.stream.ServerSentEvent;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;

/**
 * One event as it goes over the wire to readers of the stream, encoded once for all of them.
 *
 * @param bytes a block of the server-sent events format: the id is the {@code seq}, so that a reader resumes by it
 */
record EventFrame(long seq, Buffer bytes) {

    static EventFrame of(Event event) {
        var id = Long.toString(event.seq());
        return new EventFrame(event.seq(), ServerSentEvent.of(id, event.type().text(), json(event)));
    }

    /** Without what does not apply: an event about a warm VM has no tenant and no job. */
    static JsonObject json(Event event) {
        var json = new JsonObject()
                .put("seq", event.seq())
                .put("at", event.at().toString())
                .put("type", event.type().text());
        putIfKnown(json, "tenant", event.tenant());
        putIfKnown(json, "job_id", event.jobId());
        putIfKnown(json, "vm_id", event.vmId());
        return json.put("data", new JsonObject(event.data()));
    }

    private static void putIfKnown(JsonObject json, String name, String value) {
        if (value != null) {
            json.put(name, value);
        }
    }
}
