package dev.vmplane.hypervisor.simulator;

import dev.vmplane.hypervisor.HypervisorException;
import dev.vmplane.hypervisor.UnixHttp;
import dev.vmplane.hypervisor.UnixHttp.Call;
import dev.vmplane.model.ReasonCode;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.http.HttpMethod;
import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Sees to it that a simulator runs for a state directory: the one that is there, or a new one in a session of its own,
 * which outlives this process as real hypervisors do. Needs {@code setsid} of util-linux to start one.
 */
public final class SimulatorLauncher {
    private static final Duration LOOK_LIMIT = Duration.ofSeconds(2);

    /** A JVM's start on a host that is busy starting others. */
    private static final Duration START_LIMIT = Duration.ofSeconds(20);

    private static final long FORK_LIMIT_SECONDS = 10;
    private static final String SENTENCE = "simulator cannot start";

    private final SimulatorFiles place;
    private final UnixHttp http;
    private final WorkerExecutor spawning;
    private Future<Void> underWay = Future.succeededFuture();

    public SimulatorLauncher(Vertx vertx, SimulatorFiles place) {
        this.place = place;
        this.http = new UnixHttp(vertx);
        this.spawning = vertx.createSharedWorkerExecutor("simulator-launch", 1, FORK_LIMIT_SECONDS, TimeUnit.SECONDS);
    }

    /** Completes when a simulator answers. Asked again meanwhile, it is still one look and one start. */
    public synchronized Future<Void> summon() {
        if (underWay.isComplete()) {
            underWay = http.send(place.socket(), probe(LOOK_LIMIT))
                    .recover(failure -> UnixHttp.nobodyListens(failure) ? start() : Future.failedFuture(failure))
                    .mapEmpty();
        }
        return underWay;
    }

    private Future<String> start() {
        return spawning.executeBlocking(this::spawn)
                .recover(cause -> Future.failedFuture(new HypervisorException(
                        ReasonCode.VMM_MISSING, SENTENCE + ": its program cannot be run", cause)))
                .compose(spawned -> http.awaitReady(
                        place.socket(), probe(START_LIMIT), Promise.promise().future()));
    }

    private Void spawn() throws IOException, InterruptedException {
        Files.createDirectories(place.stateDir());
        var log = Redirect.appendTo(place.log().toFile());
        var fork = new ProcessBuilder(command())
                .redirectInput(Redirect.from(new File("/dev/null")))
                .redirectOutput(log)
                .redirectError(log)
                .start();
        if (!fork.waitFor(FORK_LIMIT_SECONDS, TimeUnit.SECONDS) || fork.exitValue() != 0) {
            fork.destroyForcibly();
            throw new IOException("setsid failed");
        }
        return null;
    }

    /** Serial collection and a small heap: thousands of simulated VMs need little, and must not take it from others. */
    private List<String> command() {
        return List.of(
                "setsid",
                "--fork",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-Xmx512m",
                "-cp",
                System.getProperty("java.class.path"),
                SimulatorMain.class.getName(),
                place.stateDir().toString());
    }

    private static Call probe(Duration limit) {
        return new Call(SENTENCE, ReasonCode.LAUNCH_FAILED, HttpMethod.GET, "/", null, limit);
    }
}
