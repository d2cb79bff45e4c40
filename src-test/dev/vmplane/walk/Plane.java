package dev.vmplane.walk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Await;
import dev.vmplane.Config;
import dev.vmplane.ControlPlane;
import dev.vmplane.ManualTime;
import dev.vmplane.host.RunDirectory;
import dev.vmplane.hypervisor.simulator.SimulatorRig;
import dev.vmplane.model.Backend;
import dev.vmplane.walk.Visitor.Reply;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * A whole control plane over a simulator, used through its two ports as anybody uses it. Its time stands still unless the
 * test turns it.
 */
final class Plane implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(90);

    /** Little, against the limits of seconds, for each question that crosses the whole plane and comes back. */
    private static final Duration TURN = Duration.ofMillis(20);

    private static final AtomicInteger PLANES = new AtomicInteger();

    private final Vertx vertx;
    private final SimulatorRig rig;
    private final ManualTime time = new ManualTime();
    private final Visitor visitor;
    /** Of its own, so that neither another test nor a control plane at work on this host is met. */
    private final String range =
            "127.%d.%d.0/24".formatted(128 + ProcessHandle.current().pid() % 64, PLANES.incrementAndGet() % 256);

    private ControlPlane running;

    private Plane(Vertx vertx, SimulatorRig rig) {
        this.vertx = vertx;
        this.rig = rig;
        this.visitor = new Visitor(vertx);
    }

    static Plane start() {
        var vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
        var plane = new Plane(vertx, Await.of(SimulatorRig.start(vertx)));
        plane.startControlPlane();
        return plane;
    }

    void startControlPlane() {
        var environment = Map.of(
                "VMPLANE_STATE_DIR",
                rig.stateDir().toString(),
                "VMPLANE_API_PORT",
                "0",
                "VMPLANE_INGRESS_PORT",
                "0",
                "VMPLANE_ADDRESS_RANGE",
                range,
                "VMPLANE_DESIRED_VMS",
                rig.stateDir().resolve("desired-vms.yaml").toString());
        var config = Config.load(Path.of("conf/vmplane.yaml"), environment, "here");
        running = Await.of(ControlPlane.start(
                vertx, config, Backend.SIMULATOR, time, new PrometheusMeterRegistry(PrometheusConfig.DEFAULT)));
    }

    void stopControlPlane() {
        Await.of(running.stop());
    }

    @Override
    public void close() {
        stopControlPlane();
        Await.of(vertx.close());
        rig.delete();
    }

    Reply post(JsonObject wish) {
        return api(HttpMethod.POST, "/vms", wish.encode());
    }

    Reply get(String path) {
        return api(HttpMethod.GET, path, "");
    }

    Reply delete(String jobId) {
        return api(HttpMethod.DELETE, "/vms/" + jobId, "");
    }

    Reply api(HttpMethod method, String path, String body) {
        return visitor.send(method, running.apiPort(), "localhost", path, body);
    }

    /** A request as somebody out there sends it to the load balancer. */
    Reply visit(String host, String path) {
        return visitor.send(HttpMethod.GET, running.ingressPort(), host, path, "");
    }

    /** Lets time pass, a little at a time, until {@code done}. */
    void until(String what, BooleanSupplier done) {
        var deadline = System.nanoTime() + LIMIT.toNanos();
        while (!done.getAsBoolean()) {
            assertThat(System.nanoTime())
                    .as(what + "; there is " + get("/stats").text())
                    .isLessThan(deadline);
            time.advance(TURN);
        }
    }

    void pass(Duration length) {
        time.advance(length);
    }

    String stateOf(String jobId) {
        var status = get("/vms/" + jobId).json().getJsonObject("status");
        return status == null ? "missing" : status.getString("state");
    }

    void untilState(String jobId, String state) {
        until("job " + jobId + " becomes " + state, () -> stateOf(jobId).equals(state));
    }

    int warm() {
        return get("/stats").json().getJsonObject("summary").getInteger("total_warm");
    }

    /** The instances of a job, or of none when it is null, that have not ended. */
    List<JsonObject> instances(String jobId) {
        return items("/instances?limit=1000")
                .filter(vm -> !List.of("stopped", "failed").contains(vm.getString("phase")))
                .filter(vm -> jobId == null ? vm.getString("job_id") == null : jobId.equals(vm.getString("job_id")))
                .toList();
    }

    Stream<JsonObject> items(String path) {
        return get(path).json().getJsonArray("items", new JsonArray()).stream().map(JsonObject.class::cast);
    }

    /** What the host holds: simulated processes and run directories. */
    Map<String, List<String>> held() {
        var held = new HashMap<String, List<String>>();
        held.put("processes", List.copyOf(Await.of(rig.processes().running()).keySet()));
        var runDir = rig.stateDir().resolve("run").toFile();
        held.put(
                "directories",
                Stream.ofNullable(runDir.listFiles())
                        .flatMap(Stream::of)
                        .flatMap(database -> Stream.of(database.list()))
                        .toList());
        return held;
    }

    /** Ends a VM's process as an accident would. */
    void kill(String vmId) {
        var processes = rig.processes();
        var directory = RunDirectory.of(runDir(), vmId);
        Await.of(processes.running().compose(running -> processes.kill(directory, running.get(vmId))));
    }

    /** Where the VMs of this plane's database have their directories. */
    Path runDir() {
        return onlyEntry(rig.stateDir().resolve("run"));
    }

    Path imageDir() {
        return rig.stateDir().resolve("simulated-images");
    }

    List<JsonObject> pageOfEvents() {
        return visitor.events(running.apiPort());
    }

    /** Writes the file of declared VMs. */
    void desire(String yaml) throws IOException {
        Files.writeString(rig.stateDir().resolve("desired-vms.yaml"), yaml);
    }

    private static Path onlyEntry(Path directory) {
        try (var entries = Files.list(directory)) {
            return entries.findFirst().orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A wish for a service of the role web whose spec hash depends on {@code colour}. */
    static JsonObject web(String jobId, String colour) {
        return new JsonObject()
                .put("job_id", jobId)
                .put(
                        "spec",
                        new JsonObject()
                                .put("role", "web")
                                .put("env", new JsonObject().put("PORT", 4000).put("COLOUR", colour)));
    }
}
