package dev.vmplane.ingress;

import dev.vmplane.model.Time;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.PoolOptions;
import java.time.Duration;

/**
 * The load balancer's front door: takes requests on one port and sends each to a microVM of the job its Host names.
 * There is one per event loop; they share the port and the {@link RouteTable}, and each has its own connections to the
 * microVMs, so that a request stays on one thread.
 */
public final class IngressVerticle extends VerticleBase {
    private static final int MAX_HEADER_BYTES = 16 * 1024;
    private static final int MAX_FIRST_LINE_BYTES = 8 * 1024;
    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(2);

    /** How much longer a client's connection may be silent than a microVM's, so that the client still hears of it. */
    private static final Duration ANSWER_MARGIN = Duration.ofSeconds(15);

    /** Less than the five seconds after which common servers close a quiet connection under a request's feet. */
    private static final Duration KEEP_ALIVE = Duration.ofSeconds(4);

    private final IngressSettings settings;
    private final RouteTable table;
    private final Time time;
    private final IngressMeters meters;
    private HttpClient client;
    private HttpServer server;

    /** One that nobody measures. */
    public IngressVerticle(IngressSettings settings, RouteTable table, Time time) {
        this(settings, table, time, IngressMeters.none());
    }

    public IngressVerticle(IngressSettings settings, RouteTable table, Time time, IngressMeters meters) {
        this.settings = settings;
        this.table = table;
        this.time = time;
        this.meters = meters;
    }

    @Override
    public Future<?> start() {
        client = vertx.createHttpClient(clientOptions(), poolOptions());
        server = vertx.createHttpServer(serverOptions()).requestHandler(this::route);
        return server.listen(settings.port(), settings.host());
    }

    /** The port it listens on; the host chose one if the settings say 0. */
    public int port() {
        return server.actualPort();
    }

    private void route(HttpServerRequest request) {
        request.pause();
        var host = request.authority() == null ? null : request.authority().host();
        if (host == null || !Headers.framedClearly(request.headers())) {
            reject(request, Rejection.BAD_REQUEST);
            return;
        }
        table.find(host)
                .ifPresentOrElse(
                        route -> new Exchange(request, route, client, time, settings.idleLimit(), meters).begin(),
                        () -> reject(request, Rejection.UNKNOWN_HOST));
    }

    private void reject(HttpServerRequest request, Rejection rejection) {
        meters.rejected(rejection);
        rejection.answer(request);
    }

    /** Only HTTP/1.1: what reaches a microVM is then what its client sent, and both ends count bodies alike. */
    private HttpServerOptions serverOptions() {
        return new HttpServerOptions()
                .setHttp2ClearTextEnabled(false)
                .setMaxHeaderSize(MAX_HEADER_BYTES)
                .setMaxInitialLineLength(MAX_FIRST_LINE_BYTES)
                .setHandle100ContinueAutomatically(true)
                .setIdleTimeout((int) settings.idleLimit().plus(ANSWER_MARGIN).toSeconds());
    }

    private HttpClientOptions clientOptions() {
        return new HttpClientOptions()
                .setConnectTimeout((int) CONNECT_LIMIT.toMillis())
                .setKeepAliveTimeout((int) KEEP_ALIVE.toSeconds())
                .setIdleTimeout((int) settings.idleLimit().toSeconds())
                .setMaxHeaderSize(MAX_HEADER_BYTES)
                .setMaxInitialLineLength(MAX_FIRST_LINE_BYTES)
                .setDecompressionSupported(false);
    }

    private PoolOptions poolOptions() {
        return new PoolOptions()
                .setHttp1MaxSize(settings.connectionsPerBackend())
                .setMaxWaitQueueSize(settings.waitingPerBackend());
    }
}
