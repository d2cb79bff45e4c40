package dev.vmplane.ingress;

import dev.vmplane.ingress.IngressMeters.Outcome;
import dev.vmplane.model.Time;
import io.vertx.core.Future;
import io.vertx.core.http.ConnectionPoolTooBusyException;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.httpproxy.ProxyRequest;
import io.vertx.httpproxy.ProxyResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.TimeoutException;

/**
 * One request and its answer. It is tried a second time, on another microVM if there is one, as long as nobody can have
 * acted on it: when no connection came about, or when it only reads and the connection broke before a first byte came
 * back. The microVM counts it as under way until the last byte has left or either side is gone.
 */
final class Exchange {
    private static final Set<HttpMethod> READING = Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS);
    private static final int MAX_ATTEMPTS = 2;
    private static final Duration CONNECTION_WAIT = Duration.ofSeconds(5);

    private final HttpServerRequest request;
    private final Route route;
    private final HttpClient client;
    private final Time time;
    private final Duration idleLimit;
    private final IngressMeters meters;
    private final IngressMeters.Request measured;
    private final boolean hasBody;
    private final boolean tunnelled;
    private int attempts;
    private boolean connected;
    private Instant sentAt;

    Exchange(
            HttpServerRequest request,
            Route route,
            HttpClient client,
            Time time,
            Duration idleLimit,
            IngressMeters meters) {
        this.request = request;
        this.route = route;
        this.client = client;
        this.time = time;
        this.idleLimit = idleLimit;
        this.meters = meters;
        this.measured = meters.begin(route.jobId());
        this.hasBody = Headers.announceBody(request.headers());
        this.tunnelled = request.canUpgradeToWebSocket();
    }

    void begin() {
        if (!hasBody) {
            request.resume();
        }
        attemptAnywhereBut(null);
    }

    private void attemptAnywhereBut(Backend failed) {
        route.take(failed).ifPresentOrElse(this::attempt, () -> reject(Rejection.NONE_READY));
    }

    private void attempt(Lease lease) {
        attempts++;
        connected = false;
        request.response().closeHandler(gone -> lease.giveBack());
        connect(lease.backend())
                .compose(this::converse)
                .onComplete(
                        answered -> {
                            lease.giveBack();
                            measure();
                        },
                        cause -> {
                            lease.giveBack();
                            mend(lease.backend(), cause);
                        });
    }

    private Future<HttpClientRequest> connect(Backend backend) {
        return client.request(new RequestOptions()
                        .setServer(SocketAddress.inetSocketAddress(backend.port(), backend.address()))
                        .setHost(backend.address())
                        .setPort(backend.port())
                        .setMethod(request.method())
                        .setURI(request.uri())
                        .setConnectTimeout(CONNECTION_WAIT.toMillis()))
                .map(outgoing -> {
                    connected = true;
                    sentAt = time.now();
                    // The future of the answer tells it too; unheard, the client would log each as an error.
                    return outgoing.exceptionHandler(broken -> {});
                });
    }

    private Future<Void> converse(HttpClientRequest outgoing) {
        if (request.response().closed()) {
            return outgoing.reset();
        }
        if (tunnelled) {
            return new Tunnel(request, outgoing).open();
        }
        return forward(outgoing).compose(this::sendBack);
    }

    private Future<ProxyResponse> forward(HttpClientRequest outgoing) {
        var forwarded = ProxyRequest.reverseProxy(request).setAuthority(request.authority());
        Headers.dropOneHop(forwarded.headers());
        Headers.introduce(forwarded.headers(), request.remoteAddress().hostAddress(), request.getHeader("host"));
        if (!hasBody) {
            forwarded.setBody(null);
        }
        return forwarded.send(outgoing);
    }

    private Future<Void> sendBack(ProxyResponse answer) {
        Headers.dropOneHop(answer.headers());
        if (request.version() == HttpVersion.HTTP_1_0 && answer.getBody().length() < 0) {
            return sendUnframed(answer);
        }
        return answer.send();
    }

    /** HTTP/1.0 has no chunks: an answer of unknown length ends with the connection, and is never held in memory. */
    private Future<Void> sendUnframed(ProxyResponse answer) {
        var response = request.response().setStatusCode(answer.getStatusCode());
        response.headers().setAll(answer.headers()).remove("transfer-encoding").set("connection", "close");
        return answer.getBody().stream().pipeTo(response);
    }

    private void mend(Backend backend, Throwable cause) {
        if (request.response().closed()) {
            measure();
            return;
        }
        if (attempts < MAX_ATTEMPTS && repeatable()) {
            attemptAnywhereBut(backend);
        } else {
            reject(rejection(cause));
        }
    }

    private void reject(Rejection rejection) {
        meters.rejected(rejection);
        rejection.answer(request);
        measure();
    }

    /** Nothing more will happen to the request. */
    private void measure() {
        var response = request.response();
        if (tunnelled && response.getStatusCode() == Tunnel.SWITCHING_PROTOCOLS) {
            measured.hungUp();
        } else {
            measured.over(response.ended() ? Outcome.of(response.getStatusCode()) : Outcome.BROKEN_OFF);
        }
    }

    private boolean repeatable() {
        if (!connected) {
            return true;
        }
        var reads = !hasBody && READING.contains(request.method());
        return reads && !request.response().headWritten() && !silent();
    }

    private Rejection rejection(Throwable cause) {
        if (connected) {
            return silent() ? Rejection.BACKEND_SILENT : Rejection.BACKEND_FAILED;
        }
        var full = cause instanceof ConnectionPoolTooBusyException || cause instanceof TimeoutException;
        return full ? Rejection.BACKENDS_BUSY : Rejection.BACKEND_UNREACHABLE;
    }

    /** A connection that closed when its idle limit had passed was closed by us, for silence. */
    private boolean silent() {
        return !time.now().isBefore(sentAt.plus(idleLimit));
    }
}
