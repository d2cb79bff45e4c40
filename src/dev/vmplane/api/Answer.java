package dev.vmplane.api;

import dev.vmplane.model.KeptAnswer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;

/**
 * What a request is answered with when it went well.
 *
 * @param body JSON, as it is sent; null for none
 * @param location path of what was made, or null
 * @param tag what If-Match may ask for of what the body shows, or null
 * @param again whether this is what the same request was answered with before
 */
record Answer(int status, String body, String location, String tag, boolean again) {
    private static Answer of(int status, JsonObject body, String location) {
        return new Answer(status, body.encode(), location, null, false);
    }

    static Answer ok(JsonObject body) {
        return of(200, body, null);
    }

    static Answer created(JsonObject body, String location) {
        return of(201, body, location);
    }

    /** Durable, and not done yet: {@code body} says how far it is. */
    static Answer accepted(JsonObject body, String location) {
        return of(202, body, location);
    }

    static Answer noContent() {
        return new Answer(204, null, null, null, false);
    }

    static Answer again(KeptAnswer kept) {
        return new Answer(kept.status(), kept.body(), kept.location(), kept.tag(), true);
    }

    KeptAnswer kept() {
        return new KeptAnswer(status, body, location, tag);
    }

    /** The same, of a job of that generation. */
    Answer of(long generation) {
        return new Answer(status, body, location, IfMatch.tag(generation), again);
    }

    void send(RoutingContext context) {
        var response = context.response().setStatusCode(status);
        if (location != null) {
            response.putHeader(HttpHeaders.LOCATION, location);
        }
        if (tag != null) {
            response.putHeader(HttpHeaders.ETAG, tag);
        }
        if (again) {
            response.putHeader("Idempotency-Replayed", "true");
        }
        if (body == null) {
            response.end();
        } else {
            response.putHeader(HttpHeaders.CONTENT_TYPE, "application/json").end(body);
        }
    }
}
