package dev.vmplane.walk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Await;
import dev.vmplane.Config;
import dev.vmplane.ControlPlane;
import dev.vmplane.bus.Address;
import dev.vmplane.bus.Bus;
import dev.vmplane.bus.VertxTime;
import dev.vmplane.host.LaunchedProcesses;
import dev.vmplane.host.RunDirectory;
import dev.vmplane.model.Backend;
import dev.vmplane.model.VmmProcess;
import dev.vmplane.walk.Visitor.Reply;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** A whole control plane over real QEMU guests, in real time. What a test waits for are committed facts. */
final class RealPlane implements AutoCloseable {
    /** Several boots under emulation on a host that does other things too. */
    private static final long LIMIT_SECONDS = 120;

    private static final Path CGROUPS = Path.of("/sys/fs/cgroup");
    private static final int CGROUP_DEPTH = 6;

    private final Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
    private final Visitor visitor = new Visitor(vertx);
    private final BlockingQueue<JsonObject> facts = new LinkedBlockingQueue<>();
    private final List<JsonObject> told = new ArrayList<>();
    private final Path stateDir;
    private final Path images;
    private ControlPlane running;

    private RealPlane(Path stateDir, Path images) {
        this.stateDir = stateDir;
        this.images = images;
    }

    /** Where the build puts what a guest boots from. */
    static Path images() {
        return Path.of(System.getProperty("vmplane.images", ".vmplane/images")).toAbsolutePath();
    }

    static RealPlane start() {
        return start(images());
    }

    /** Starts one whose guests boot from other images. */
    static RealPlane start(Path images) {
        try {
            var plane = new RealPlane(Files.createTempDirectory(Path.of("/tmp"), "vmq"), images);
            plane.listen();
            plane.startControlPlane();
            return plane;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void startControlPlane() {
        assertThat(images.resolve("vmlinux"))
                .as("the guest's images; src/guest/build.sh makes them, -Dvmplane.images says where they are")
                .exists();
        var environment = Map.of(
                "VMPLANE_STATE_DIR",
                stateDir.toString(),
                "VMPLANE_IMAGE_DIR",
                images.toString(),
                "VMPLANE_API_PORT",
                "0",
                "VMPLANE_INGRESS_PORT",
                "0",
                "VMPLANE_NETWORK_MODE",
                "user",
                "VMPLANE_ADDRESS_RANGE",
                "127.%d.0.0/24".formatted(192 + ProcessHandle.current().pid() % 60),
                "VMPLANE_DESIRED_VMS",
                stateDir.resolve("desired-vms.yaml").toString());
        var config = Config.load(Path.of("conf/vmplane.yaml"), environment, "here");
        running = Await.of(ControlPlane.start(
                vertx,
                config,
                Backend.QEMU,
                new VertxTime(vertx),
                new PrometheusMeterRegistry(PrometheusConfig.DEFAULT)));
    }

    void restartControlPlane() {
        Await.of(running.stop());
        startControlPlane();
    }

    private void listen() {
        Await.of(new Bus(vertx)
                .listen(
                        Address.COMMITTED,
                        changes -> changes.events().stream()
                                .map(event -> new JsonObject()
                                        .put("seq", event.seq())
                                        .put("type", event.type().text())
                                        .put("job_id", event.jobId())
                                        .put("vm_id", event.vmId())
                                        .put("data", new JsonObject(event.data())))
                                .forEach(facts::add)));
    }

    /** The bus of the whole plane. */
    Bus bus() {
        return new Bus(vertx);
    }

    /** Waits for a fact, unless it has been told already, and until the load balancer knows of it too. */
    void heard(String type, Predicate<JsonObject> which) {
        var seq = found(type, which).getLong("seq");
        Await.of(new Bus(vertx).ask(Address.INGRESS_CAUGHT_UP, seq));
    }

    private JsonObject found(String type, Predicate<JsonObject> which) {
        Predicate<JsonObject> wanted = fact -> fact.getString("type").equals(type) && which.test(fact);
        var before = told.stream().filter(wanted).findFirst();
        if (before.isPresent()) {
            return before.get();
        }
        var deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
        try {
            for (var fact = next(deadline); fact != null; fact = next(deadline)) {
                told.add(fact);
                if (wanted.test(fact)) {
                    return fact;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        throw new AssertionError(
                "no " + type + " came; there is " + get("/stats").text());
    }

    private JsonObject next(long deadline) throws InterruptedException {
        return facts.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
    }

    /** Asks for a job and waits until it runs. */
    Reply running(String jobId, Map<String, String> env) {
        var put = put(jobId, env);
        if (put.status() == 202) {
            heard(
                    "vm.phase",
                    event -> jobId.equals(event.getString("job_id"))
                            && "running".equals(event.getJsonObject("data").getString("to")));
        }
        return put;
    }

    Reply put(String jobId, Map<String, String> env) {
        return wish(jobId, new JsonObject().put("role", "web").put("env", new JsonObject(Map.copyOf(env))));
    }

    /** Asks for a job of any shape. */
    Reply wish(String jobId, JsonObject spec) {
        var wish = new JsonObject().put("job_id", jobId).put("spec", spec);
        return visitor.send(HttpMethod.POST, running.apiPort(), "localhost", "/vms", wish.encode());
    }

    void deleteVolume(String name, String tenant) {
        visitor.send(HttpMethod.DELETE, running.apiPort(), "localhost", "/volumes/" + name + "?tenant=" + tenant, "");
    }

    int apiPort() {
        return running.apiPort();
    }

    Path stateDir() {
        return stateDir;
    }

    Reply get(String path) {
        return visitor.send(HttpMethod.GET, running.apiPort(), "localhost", path, "");
    }

    void delete(String jobId) {
        visitor.send(HttpMethod.DELETE, running.apiPort(), "localhost", "/vms/" + jobId, "");
    }

    Reply visit(String host, String path) {
        return visitor.send(HttpMethod.GET, running.ingressPort(), host, path, "");
    }

    /** The VM that serves a job. */
    String vmOf(String jobId) {
        return get("/vms/" + jobId).json().getJsonArray("instances").stream()
                .map(JsonObject.class::cast)
                .filter(vm -> "running".equals(vm.getString("phase")))
                .map(vm -> vm.getString("vm_id"))
                .findFirst()
                .orElseThrow();
    }

    /** The QEMU processes there are, by VM id. */
    Map<String, VmmProcess> processes() {
        return Await.of(host().running());
    }

    /** Ends a VM's QEMU as {@code kill -9} does. */
    void kill(String vmId) {
        end(vmId, processes().get(vmId));
    }

    Path runDir() {
        try (var entries = Files.list(stateDir.resolve("run"))) {
            return entries.findFirst().orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void end(String vmId, VmmProcess process) {
        var host = host();
        Await.of(host.kill(RunDirectory.of(runDir(), vmId), process).eventually(host::close));
    }

    private LaunchedProcesses host() {
        return new LaunchedProcesses(vertx, stateDir, runDir(), vertx.createSharedWorkerExecutor("test-host"));
    }

    @Override
    public void close() {
        Await.of(running.stop());
        processes().forEach(this::end);
        Await.of(vertx.close());
        var cgroups = "/vmplane/" + runDir().getFileName();
        try (var made = Files.find(
                        CGROUPS,
                        CGROUP_DEPTH,
                        (path, file) -> file.isDirectory() && path.toString().contains(cgroups));
                var files = Files.walk(stateDir)) {
            Stream.concat(made, files)
                    .sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
