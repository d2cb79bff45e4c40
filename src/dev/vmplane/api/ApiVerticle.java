package dev.vmplane.api;

import static io.vertx.core.http.HttpMethod.DELETE;
import static io.vertx.core.http.HttpMethod.GET;
import static io.vertx.core.http.HttpMethod.PATCH;
import static io.vertx.core.http.HttpMethod.POST;
import static io.vertx.core.http.HttpMethod.PUT;

import dev.vmplane.bus.Bus;
import dev.vmplane.model.Time;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import java.time.Duration;

/**
 * The HTTP API. There is one per event loop, all on one port; they hold no state but the requests under way, and know
 * the world only through the bus.
 */
public final class ApiVerticle extends VerticleBase {
    private static final int MAX_BODY_BYTES = 1 << 20;
    private static final int MAX_HEADER_BYTES = 16 * 1024;
    private static final int MAX_FIRST_LINE_BYTES = 8 * 1024;
    private static final Duration BODY_LIMIT = Duration.ofSeconds(10);

    /** A little more than the longest a request may ask to wait, during which its connection is silent. */
    private static final Duration IDLE_LIMIT = Duration.ofSeconds(310);

    /** Small, so that a reader of events who does not read is noticed before megabytes are on their way to it. */
    private static final int SEND_BUFFER_BYTES = 64 * 1024;

    /** What a program is typed in one go, and a little more. */
    private static final int MAX_MESSAGE_BYTES = 128 * 1024;

    /** How long a WebSocket that is closed may take to say that it knows. */
    private static final int CLOSING_LIMIT_SECONDS = 2;

    private static final String BODY_ALARM = "body_alarm";

    private final ApiSettings settings;
    private final ApiParts parts;
    private HttpServer server;

    public ApiVerticle(ApiSettings settings, ApiParts parts) {
        this.settings = settings;
        this.parts = parts;
    }

    @Override
    public Future<?> start() {
        var bus = new Bus(vertx);
        var waits = new JobWaits(bus, parts.time());
        var imageWaits = new ImageWaits(bus, parts.time());
        var logs = new LogEndpoints(bus, parts.time());
        server = vertx.createHttpServer(serverOptions()).requestHandler(router(bus, waits, imageWaits, logs));
        return Future.all(waits.listen(), imageWaits.listen(), logs.listen())
                .compose(listening -> server.listen(settings.port(), settings.host()));
    }

    /** The port it listens on; the host chose one if the settings say 0. */
    public int port() {
        return server.actualPort();
    }

    private Router router(Bus bus, JobWaits waits, ImageWaits imageWaits, LogEndpoints logs) {
        var jobs = new JobEndpoints(bus, parts, waits);
        var fleet = new FleetEndpoints(bus, parts, waits);
        var volumes = new VolumeEndpoints(bus);
        var images = new ImageEndpoints(bus, parts, imageWaits, new Upload(vertx, parts.time(), parts.uploads()));
        var exec = new ExecEndpoints(bus, parts.time());
        var router = Router.router(vertx);
        var endpoints = new Endpoints(router);
        readBodies(router, POST, "/vms");
        readBodies(router, PUT, "/vms/:job_id");
        readBodies(router, PATCH, "/vms/:job_id");
        readBodies(router, POST, "/images");
        endpoints
                .answer(POST, "/vms", jobs::post)
                .answer(GET, "/vms", jobs::list)
                .answer(GET, "/vms/:job_id", jobs::get)
                .answer(PUT, "/vms/:job_id", jobs::put)
                .answer(PATCH, "/vms/:job_id", jobs::patch)
                .answer(DELETE, "/vms/:job_id", jobs::delete)
                .answer(POST, "/vms/:job_id/start", jobs::start)
                .answer(POST, "/vms/:job_id/stop", jobs::stop)
                .answer(POST, "/vms/:job_id/restart", jobs::restart)
                .handle(GET, "/vms/:job_id/logs", logs::ofJob)
                .handle(GET, "/vms/:job_id/exec", exec::inJob)
                .answer(GET, "/instances", fleet::instances)
                .answer(GET, "/instances/:vm_id", fleet::instance)
                .handle(GET, "/instances/:vm_id/logs", logs::ofInstance)
                .handle(GET, "/instances/:vm_id/exec", exec::inInstance)
                .answer(GET, "/volumes", volumes::list)
                .answer(GET, "/volumes/:name", volumes::get)
                .answer(DELETE, "/volumes/:name", volumes::delete)
                .answer(GET, "/images", images::list)
                .answer(POST, "/images", images::pull)
                .answer(POST, "/images/prune", images::prune)
                .answer(POST, "/images/load", images::load)
                .answer(GET, "/images/*", images::get)
                .answer(DELETE, "/images/*", images::delete)
                .answer(GET, "/kernels", images::kernels)
                .answer(POST, "/instances/:vm_id/reclaim", fleet::reclaim)
                .answer(GET, "/stats", fleet::stats)
                .handle(GET, "/events", parts.events())
                .handle(GET, "/metrics", fleet::metrics)
                .answer(GET, "/health/live", fleet::live)
                .answer(GET, "/health/ready", fleet::ready)
                .refuseTheRest();
        return router;
    }

    private void readBodies(Router router, HttpMethod method, String path) {
        router.route(method, path).handler(this::startBodyClock);
        router.route(method, path).handler(BodyHandler.create(false).setBodyLimit(MAX_BODY_BYTES));
        router.route(method, path).handler(this::stopBodyClock);
    }

    /** A body that trickles in would hold its connection for as long as its sender likes. */
    private void startBodyClock(RoutingContext context) {
        var alarm = parts.time().after(BODY_LIMIT, () -> context.fail(408));
        context.put(BODY_ALARM, alarm).addEndHandler(ended -> alarm.cancel());
        context.next();
    }

    private void stopBodyClock(RoutingContext context) {
        context.<Time.Alarm>get(BODY_ALARM).cancel();
        context.next();
    }

    private HttpServerOptions serverOptions() {
        return new HttpServerOptions()
                .setHttp2ClearTextEnabled(false)
                .setMaxHeaderSize(MAX_HEADER_BYTES)
                .setMaxInitialLineLength(MAX_FIRST_LINE_BYTES)
                .setSendBufferSize(SEND_BUFFER_BYTES)
                .setMaxWebSocketFrameSize(MAX_MESSAGE_BYTES)
                .setMaxWebSocketMessageSize(MAX_MESSAGE_BYTES)
                .setWebSocketClosingTimeout(CLOSING_LIMIT_SECONDS)
                .setPerFrameWebSocketCompressionSupported(false)
                .setPerMessageWebSocketCompressionSupported(false)
                .setIdleTimeout((int) IDLE_LIMIT.toSeconds());
    }
}
