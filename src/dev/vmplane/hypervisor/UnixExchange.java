package dev.vmplane.hypervisor;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeoutException;

/**
 * One request of {@link UnixHttp} and its answer, under one limit of time. Lives on one event loop.
 *
 * <p>The connection outlives the exchange only after a clean 2xx. Whatever else came, the two sides may no longer
 * agree where one answer ends and the next begins: the server in Firecracker and Cloud Hypervisor keeps a connection
 * open after a request it could not parse, and may answer the rest of it once more.
 */
final class UnixExchange {
    private static final int MAX_ANSWER_BYTES = 1024 * 1024;

    private final Vertx vertx;
    private final HttpClient client;
    private final Path socket;
    private final UnixHttp.Call call;
    private final Duration limit;
    private final Promise<Answer> answer = Promise.promise();
    private final Buffer received = Buffer.buffer();
    private long timer;
    private HttpClientRequest request;

    UnixExchange(Vertx vertx, HttpClient client, Path socket, UnixHttp.Call call, Duration limit) {
        this.vertx = vertx;
        this.client = client;
        this.socket = socket;
        this.call = call;
        this.limit = limit;
    }

    /** What the server said. */
    record Answer(int status, String body) {
        boolean success() {
            return status >= 200 && status < 300;
        }
    }

    /** The answer was cut because it did not end in time to be harmless. */
    static final class TooLongException extends RuntimeException {
        private TooLongException() {
            super("the answer has more than " + MAX_ANSWER_BYTES + " bytes", null, false, false);
        }
    }

    Future<Answer> answer() {
        return answer.future();
    }

    void begin() {
        timer = vertx.setTimer(Math.max(1, limit.toMillis()), late -> fail(new TimeoutException()));
        connect().onComplete(this::send, this::fail);
    }

    private Future<HttpClientRequest> connect() {
        var options = new RequestOptions()
                .setServer(SocketAddress.domainSocketAddress(socket.toString()))
                .setHost("localhost")
                .setPort(80)
                .setMethod(call.method())
                .setURI(call.uri())
                .setConnectTimeout(limit.toMillis());
        try {
            return client.request(options);
        } catch (IllegalStateException clientIsClosed) {
            return Future.failedFuture(clientIsClosed);
        }
    }

    private void send(HttpClientRequest connected) {
        if (answer.future().isComplete()) {
            connected.reset();
            return;
        }
        request = connected;
        var sent = call.body() == null
                ? request.send()
                : request.putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
                        .send(call.body());
        sent.onComplete(this::receive, this::fail);
    }

    private void receive(HttpClientResponse response) {
        response.exceptionHandler(this::fail);
        response.handler(this::collect);
        response.endHandler(end -> finish(response.statusCode()));
    }

    private void collect(Buffer part) {
        if (received.length() + part.length() > MAX_ANSWER_BYTES) {
            fail(new TooLongException());
        } else {
            received.appendBuffer(part);
        }
    }

    private void finish(int status) {
        vertx.cancelTimer(timer);
        var complete = new Answer(status, received.toString(StandardCharsets.UTF_8));
        if (!complete.success()) {
            request.connection().close();
        }
        answer.tryComplete(complete);
    }

    private void fail(Throwable cause) {
        vertx.cancelTimer(timer);
        if (answer.tryFail(cause) && request != null) {
            request.reset();
        }
    }
}
