package dev.vmplane.api;

import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;

/**
 * What a request is answered with when it went well.
 *
 * @param body null for none
 * @param location path of what was made, or null
 * @param tag what If-Match may ask for of what the body shows, or null
 */
record Answer(int status, JsonObject body, String location, String tag) {
    static Answer ok(JsonObject body) {
        return new Answer(200, body, null, null);
    }

    static Answer created(JsonObject body, String location) {
        return new Answer(201, body, location, null);
    }

    /** Durable, and not done yet: {@code body} says how far it is. */
    static Answer accepted(JsonObject body, String location) {
        return new Answer(202, body, location, null);
    }

    static Answer noContent() {
        return new Answer(204, null, null, null);
    }

    /** The same, of a job of that generation. */
    Answer of(long generation) {
        return new Answer(status, body, location, IfMatch.tag(generation));
    }

    void send(RoutingContext context) {
        var response = context.response().setStatusCode(status);
        if (location != null) {
            response.putHeader(HttpHeaders.LOCATION, location);
        }
        if (tag != null) {
            response.putHeader(HttpHeaders.ETAG, tag);
        }
        if (body == null) {
            response.end();
        } else {
            response.putHeader(HttpHeaders.CONTENT_TYPE, "application/json").end(body.toBuffer());
        }
    }
}
