package dev.vmplane;

import dev.vmplane.bus.VertxTime;
import dev.vmplane.hypervisor.BackendDetection;
import dev.vmplane.hypervisor.simulator.SimulatorFiles;
import dev.vmplane.hypervisor.simulator.SimulatorMain;
import dev.vmplane.store.StoreRefusedException;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.micrometer.MicrometerMetricsFactory;
import io.vertx.micrometer.MicrometerMetricsOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The commands that serve, in this process until it is told to stop. Apart from {@link Main}, so that commands that only
 * ask a server load none of it.
 */
final class Server {
    static {
        // Logging goes through SLF4J everywhere, Vert.x included; it must be told before its first class is loaded.
        System.setProperty("vertx.logger-delegate-factory-class-name", "io.vertx.core.logging.SLF4JLogDelegateFactory");
    }

    private static final Logger LOG = LoggerFactory.getLogger(Server.class);

    private static final int START_LIMIT_SECONDS = 120;
    private static final int STOP_LIMIT_SECONDS = 20;

    /** Nothing is served from the class path; the directory for that would be left behind by every {@code kill -9}. */
    private static final FileSystemOptions WITHOUT_CACHE =
            new FileSystemOptions().setFileCachingEnabled(false).setClassPathResolvingEnabled(false);

    private Server() {}

    /** Runs the control plane that {@code configFile} describes; the exit status. */
    static int serve(Path configFile) {
        try {
            var config = Config.load(configFile, System.getenv(), hostName());
            LogOutput.use(config.log());
            var host = BackendDetection.Host.probe(System.getenv().getOrDefault("PATH", ""));
            var choice = BackendDetection.choose(
                    config.backend() == null ? null : config.backend().text(), host);
            (choice.doubtful() ? LOG.atWarn() : LOG.atInfo())
                    .addKeyValue("backend", choice.backend().text())
                    .addKeyValue("why", choice.why())
                    .log("hypervisor chosen");
            return run(config, choice);
        } catch (ConfigException | StoreRefusedException refused) {
            complain(refused);
            return 1;
        }
    }

    private static int run(Config config, BackendDetection.Choice choice) {
        var registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        var vertx = Vertx.builder()
                .with(new VertxOptions()
                        .setPreferNativeTransport(true)
                        .setFileSystemOptions(WITHOUT_CACHE)
                        .setMetricsOptions(new MicrometerMetricsOptions().setEnabled(true)))
                .withMetrics(new MicrometerMetricsFactory(registry))
                .build();
        try {
            var plane = await(
                    ControlPlane.start(vertx, config, choice.backend(), new VertxTime(vertx), registry),
                    START_LIMIT_SECONDS);
            LOG.atInfo()
                    .addKeyValue("api", "http://" + config.api().host() + ":" + plane.apiPort())
                    .addKeyValue("ingress", "http://" + config.ingress().host() + ":" + plane.ingressPort())
                    .log("ready");
            waitForTheEnd(plane, vertx);
            return 0;
        } catch (ExecutionException | TimeoutException e) {
            complain(e.getCause() == null ? e : e.getCause());
            return 1;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 1;
        }
    }

    /** Returns when the process is told to stop, after the plane has; the VMs go on. */
    private static void waitForTheEnd(ControlPlane plane, Vertx vertx) throws InterruptedException {
        var told = new CountDownLatch(1);
        var stopped = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            told.countDown();
            awaitQuietly(stopped);
        }));
        told.await();
        LOG.atInfo().log("stopping; VMs keep running");
        try {
            // One after the other, each waited for here: what was to run on an event loop after it closed never would.
            await(plane.stop(), STOP_LIMIT_SECONDS);
            await(vertx.close(), STOP_LIMIT_SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.atWarn().setCause(e).log("the control plane did not stop cleanly");
        } finally {
            stopped.countDown();
        }
    }

    private static <T> T await(Future<T> future, int limitSeconds)
            throws InterruptedException, ExecutionException, TimeoutException {
        return future.toCompletionStage().toCompletableFuture().get(limitSeconds, TimeUnit.SECONDS);
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Runs the simulator of {@code stateDir}; the exit status. */
    static int simulate(Path stateDir) {
        try {
            SimulatorMain.run(new SimulatorFiles(stateDir));
            new CountDownLatch(1).await();
            return 0;
        } catch (IOException e) {
            complain(e);
            return 1;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 0;
        }
    }

    /** What an operator reads when the program cannot start: the reason alone when it is one of ours. */
    private static void complain(Throwable cause) {
        if (cause instanceof ConfigException || cause instanceof StoreRefusedException) {
            System.err.println("vmplane cannot start: " + cause.getMessage());
        } else {
            LOG.atError().setCause(cause).log("vmplane cannot start");
        }
    }

    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName().toLowerCase(Locale.ROOT);
        } catch (UnknownHostException nameless) {
            return "localhost";
        }
    }
}
