package dev.vmplane.api;

import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An answer of no, in the shape of RFC 9457: the one place where a {@link Refusal}, or anything else that goes wrong,
 * becomes an HTTP status.
 *
 * @param code stable, in snake case: what programs look at
 * @param field path of the part of the request at fault, or null
 */
record Problem(int status, String code, String field, String detail) {
    private static final Logger LOG = LoggerFactory.getLogger(Problem.class);

    static final Problem MALFORMED = new Problem(400, "bad_request", null, "the request is not valid HTTP");

    private static final Map<Integer, String> TITLES = Map.ofEntries(
            Map.entry(400, "Bad Request"),
            Map.entry(403, "Forbidden"),
            Map.entry(404, "Not Found"),
            Map.entry(405, "Method Not Allowed"),
            Map.entry(408, "Request Timeout"),
            Map.entry(409, "Conflict"),
            Map.entry(412, "Precondition Failed"),
            Map.entry(413, "Content Too Large"),
            Map.entry(415, "Unsupported Media Type"),
            Map.entry(417, "Expectation Failed"),
            Map.entry(422, "Unprocessable Content"),
            Map.entry(426, "Upgrade Required"),
            Map.entry(429, "Too Many Requests"),
            Map.entry(500, "Internal Server Error"),
            Map.entry(503, "Service Unavailable"));

    static Problem of(Refusal refusal) {
        return new Problem(status(refusal.kind()), refusal.code(), refusal.field(), refusal.message());
    }

    /** What a failed request is answered with. A defect is logged here and shows nothing of itself. */
    static Problem of(RoutingContext failed) {
        var cause = failed.failure();
        if (cause instanceof RefusedException refused) {
            return of(refused.refusal());
        }
        var status = cause instanceof HttpException http ? http.getStatusCode() : failed.statusCode();
        return switch (status) {
            case 400 -> MALFORMED;
            case 404 -> new Problem(404, "no_such_path", null, "there is nothing at this path");
            case 408 -> new Problem(408, "body_too_slow", null, "the body did not arrive in time: send it again");
            case 413 -> new Problem(413, "body_too_large", null, "the body cannot be larger than 1 MiB");
            case 415 ->
                new Problem(
                        415,
                        "unsupported_media_type",
                        null,
                        "a body is application/json or application/yaml, that of PATCH application/merge-patch+json");
            case 417 -> new Problem(417, "unknown_expectation", null, "only 100-continue can be expected");
            default -> defect(failed, cause);
        };
    }

    private static Problem defect(RoutingContext failed, Throwable cause) {
        LOG.atError()
                .addKeyValue("method", failed.request().method())
                .addKeyValue("path", failed.request().path())
                .setCause(cause)
                .log("a request failed by a defect");
        return new Problem(500, "internal", null, "the request cannot be answered: internal error");
    }

    private static int status(Refusal.Kind kind) {
        return switch (kind) {
            case BAD_INPUT -> 400;
            case INVALID -> 422;
            case NOT_FOUND -> 404;
            case CONFLICT -> 409;
            case OUTDATED -> 412;
            case BUSY, UNAVAILABLE -> 503;
        };
    }

    void answer(RoutingContext context) {
        var response = context.response();
        if (response.ended() || response.closed()) {
            return;
        }
        if (response.headWritten()) {
            response.reset();
            return;
        }
        if (status == 503 || status == 429) {
            response.putHeader("retry-after", "1");
        }
        if (bodyUnread(context.request())) {
            response.putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
        }
        response.setStatusCode(status)
                .putHeader(HttpHeaders.CONTENT_TYPE, "application/problem+json")
                .end(json().toBuffer());
    }

    private static boolean bodyUnread(HttpServerRequest request) {
        var length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
        var announced =
                (length != null && !length.equals("0")) || request.headers().contains(HttpHeaders.TRANSFER_ENCODING);
        return announced && !request.isEnded();
    }

    private JsonObject json() {
        var json = new JsonObject()
                .put("type", "about:blank")
                .put("title", TITLES.get(status))
                .put("status", status)
                .put("code", code);
        if (field != null) {
            json.put("field", field);
        }
        return json.put("detail", detail);
    }
}
