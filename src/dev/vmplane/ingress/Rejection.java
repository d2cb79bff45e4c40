package dev.vmplane.ingress;

import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import java.util.Locale;

/** The answers the ingress gives by itself, in the shape of RFC 9457. They name no microVM, address or cause. */
enum Rejection {
    BAD_REQUEST(400, "Bad Request", "the request has no valid Host, or a Transfer-Encoding other than chunked"),
    UNKNOWN_HOST(404, "Not Found", "no job is served under this host name"),
    BACKEND_FAILED(502, "Bad Gateway", "the microVM closed the connection before it answered"),
    BACKEND_UNREACHABLE(502, "Bad Gateway", "the microVM does not accept connections"),
    NONE_READY(503, "Service Unavailable", "no microVM of this job is ready: try again in a second"),
    BACKENDS_BUSY(503, "Service Unavailable", "the microVMs of this job are busy: try again in a second"),
    BACKEND_SILENT(504, "Gateway Timeout", "the microVM did not answer in time");

    private final int status;
    private final String body;

    Rejection(int status, String title, String detail) {
        this.status = status;
        this.body = new JsonObject()
                .put("type", "about:blank")
                .put("title", title)
                .put("status", status)
                .put("code", name().toLowerCase(Locale.ROOT))
                .put("detail", detail)
                .encode();
    }

    /** Answers {@code request}; a body that was not read costs the client its connection. */
    void answer(HttpServerRequest request) {
        var response = request.response();
        if (response.closed() || response.ended()) {
            return;
        }
        if (response.headWritten()) {
            response.reset();
            return;
        }
        response.headers().clear();
        response.setStatusCode(status).putHeader("content-type", "application/problem+json");
        if (status == 503) {
            response.putHeader("retry-after", "1");
        }
        if (Headers.announceBody(request.headers())) {
            response.putHeader("connection", "close");
        }
        response.end(body);
        request.resume();
    }
}
