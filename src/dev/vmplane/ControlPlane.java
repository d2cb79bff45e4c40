package dev.vmplane;

import dev.vmplane.api.ApiParts;
import dev.vmplane.api.ApiSettings;
import dev.vmplane.api.ApiVerticle;
import dev.vmplane.api.DesiredFileVerticle;
import dev.vmplane.api.Uploads;
import dev.vmplane.feed.EventFeed;
import dev.vmplane.feed.Meters;
import dev.vmplane.host.Processes;
import dev.vmplane.image.Images;
import dev.vmplane.ingress.IngressMeters;
import dev.vmplane.ingress.IngressSettings;
import dev.vmplane.ingress.IngressVerticle;
import dev.vmplane.ingress.RouteTable;
import dev.vmplane.ingress.RouteVerticle;
import dev.vmplane.metric.LoopLag;
import dev.vmplane.model.Backend;
import dev.vmplane.model.SpecReader;
import dev.vmplane.model.Time;
import dev.vmplane.pool.PoolVerticle;
import dev.vmplane.pool.VolumeVerticle;
import dev.vmplane.reconcile.PassMeters;
import dev.vmplane.reconcile.ReconcilerVerticle;
import dev.vmplane.store.DatabaseFile;
import dev.vmplane.store.Rules;
import dev.vmplane.store.StoreMeters;
import dev.vmplane.store.StoreVerticle;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Deployable;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.WorkerExecutor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One running control plane: builds its parts, deploys them from the store outwards and undeploys them in reverse. The
 * VMs are not part of it: stopping it leaves them running, and the next one adopts them.
 */
public final class ControlPlane {
    private static final Logger LOG = LoggerFactory.getLogger(ControlPlane.class);

    /** Threads for what blocks on the host: files, process table, spawning. */
    private static final int HOST_THREADS = 8;

    /** Threads for making disks, which may take long and wait for each other. */
    private static final int DISK_THREADS = 4;

    /** Threads for reading logs: however many people read, VMs have the rest of this host's attention. */
    private static final int READING_THREADS = 2;

    /** Servers that ask for the same negative port get one free port together. */
    private static final int ANY_API_PORT = -1;

    private static final int ANY_INGRESS_PORT = -2;

    private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();

    private final Vertx vertx;
    private final Config config;
    private final Time time;
    private final PrometheusMeterRegistry registry;
    private final WorkerExecutor host;
    private final WorkerExecutor disk;
    private final WorkerExecutor reading;
    private final Deque<String> deployed = new ArrayDeque<>();
    private DatabaseFile database;
    private Processes processes;
    private int apiPort;
    private int ingressPort;

    private ControlPlane(Vertx vertx, Config config, Time time, PrometheusMeterRegistry registry) {
        this.vertx = vertx;
        this.config = config;
        this.time = time;
        this.registry = registry;
        this.host = vertx.createSharedWorkerExecutor("host", HOST_THREADS);
        this.disk = vertx.createSharedWorkerExecutor("disk", DISK_THREADS);
        this.reading = vertx.createSharedWorkerExecutor("reading", READING_THREADS);
    }

    /**
     * Starts one. Fails, with nothing left running and no VM touched, when its database must not be used or a port is
     * taken.
     */
    public static Future<ControlPlane> start(
            Vertx vertx, Config config, Backend backend, Time time, PrometheusMeterRegistry registry) {
        var plane = new ControlPlane(vertx, config, time, registry);
        return plane.deployAll(backend)
                .map(plane)
                .recover(cause -> plane.stop().transform(stopped -> Future.failedFuture(cause)));
    }

    public int apiPort() {
        return apiPort;
    }

    public int ingressPort() {
        return ingressPort;
    }

    /** Stops everything but the VMs. */
    public Future<Void> stop() {
        return undeployNext()
                .eventually(() -> processes == null ? Future.succeededFuture() : processes.close())
                .eventually(() -> host.executeBlocking(this::closeDatabase))
                .eventually(reading::close)
                .eventually(disk::close)
                .eventually(host::close);
    }

    private Future<?> deployAll(Backend backend) {
        return host.executeBlocking(() -> database = DatabaseFile.open(config.stateDir(), backend.text()))
                .compose(opened ->
                        HostParts.of(backend, vertx, host, disk, reading, config, database.id(), time, registry))
                .compose(parts -> deployOn(parts, backend));
    }

    private Future<?> deployOn(HostParts parts, Backend backend) {
        processes = parts.processes();
        var table = new RouteTable();
        var ingressMeters = new IngressMeters(registry);
        return deploy(new StoreVerticle(
                        database.path(),
                        parts.network().addresses(),
                        rules(),
                        time,
                        new VmIds(),
                        new StoreMeters(registry)))
                .compose(store -> deploy(new RouteVerticle(table, time, ingressMeters)))
                .compose(routes -> deployIngress(table, ingressMeters))
                .compose(ingress -> deploy(new Meters(registry, backend)))
                .compose(meters -> deployLag())
                .compose(meters -> deployIfThere(parts.network().verticle()))
                .compose(walls -> deploy(new VolumeVerticle(parts.volumes(), time)))
                .compose(removal -> deploy(parts.imageVerticle()))
                .compose(images -> deploy(parts.logs()))
                .compose(logs -> deploy(metered(parts.pool())))
                .compose(pool -> deployIfThere(parts.usage()))
                .compose(usage -> deploy(new ReconcilerVerticle(config.brake(), time, new PassMeters(registry))))
                .compose(reconciler -> deployApi(parts.images()))
                .compose(api -> deploy(new DesiredFileVerticle(
                        config.desiredVms(),
                        new DesiredVms(config.desiredVms().toString(), config.specReader())::read,
                        config.brake(),
                        time)));
    }

    private PoolVerticle metered(PoolVerticle pool) {
        Meters.room(
                registry,
                "total",
                () -> pool.usage().total().vcpus(),
                () -> pool.usage().total().memoryMib());
        Meters.room(
                registry,
                "held",
                () -> pool.usage().held().vcpus(),
                () -> pool.usage().held().memoryMib());
        return pool;
    }

    private Rules rules() {
        return new Rules(
                config.node(),
                config.backoff(),
                config.limits().drain(),
                config.limits().stop(),
                config.retention().ended(),
                config.retention().events());
    }

    private Future<?> deployIngress(RouteTable table, IngressMeters meters) {
        var settings = IngressSettings.at(config.ingress().host(), portOr(ANY_INGRESS_PORT, config.ingress()));
        return deployOnEveryLoop(() -> new IngressVerticle(settings, table, time, meters), IngressVerticle::port)
                .map(port -> ingressPort = port);
    }

    private Future<?> deployApi(Images images) {
        var reader = config.specReader();
        var settings = new ApiSettings(config.api().host(), portOr(ANY_API_PORT, config.api()));
        return deployOnEveryLoop(() -> new ApiVerticle(settings, apiParts(reader, images)), ApiVerticle::port)
                .map(port -> apiPort = port);
    }

    /** Vert.x goes round its event loops when it deploys, so as many as there are get each its own. */
    private Future<?> deployLag() {
        var loop = new AtomicInteger();
        return vertx.deployVerticle(
                        () -> new LoopLag(registry, loop.getAndIncrement()),
                        new DeploymentOptions().setInstances(VertxOptions.DEFAULT_EVENT_LOOP_POOL_SIZE))
                .map(this::remember);
    }

    private static int portOr(int any, Config.Listener listener) {
        return listener.port() == 0 ? any : listener.port();
    }

    private ApiParts apiParts(SpecReader reader, Images images) {
        return new ApiParts(
                text -> YamlDocument.parse(text).object(),
                new ApiWishes(reader),
                images::checkFiles,
                new Uploads(images.incoming(), config.images().maxBytes()),
                new EventFeed(vertx, time),
                registry,
                time);
    }

    /** One server on each event loop, all on one port. */
    private <V extends Deployable> Future<Integer> deployOnEveryLoop(Supplier<V> server, ToIntFunction<V> portOf) {
        var servers = new ArrayList<V>();
        var options = new DeploymentOptions().setInstances(PROCESSORS);
        return vertx.deployVerticle(
                        () -> {
                            servers.add(server.get());
                            return servers.get(servers.size() - 1);
                        },
                        options)
                .map(this::remember)
                .map(deployed -> portOf.applyAsInt(servers.get(0)));
    }

    private Future<?> deployIfThere(Optional<? extends Deployable> verticle) {
        return verticle.<Future<?>>map(this::deploy).orElseGet(Future::succeededFuture);
    }

    private Future<?> deploy(Deployable verticle) {
        return vertx.deployVerticle(verticle).map(this::remember);
    }

    private String remember(String deployment) {
        deployed.push(deployment);
        return deployment;
    }

    private Future<Void> undeployNext() {
        var next = deployed.poll();
        return next == null
                ? Future.succeededFuture()
                : vertx.undeploy(next)
                        .onFailure(cause -> LOG.atWarn().setCause(cause).log("a part did not stop cleanly"))
                        .transform(stopped -> undeployNext());
    }

    private Void closeDatabase() {
        if (database != null) {
            try {
                database.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return null;
    }
}
