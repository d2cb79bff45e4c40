package dev.vmplane.walk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.host.network.Lab;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** A whole control plane with QEMU guests on taps, in a network namespace of its own: a host as far as networks go. */
final class NetworkPlane implements AutoCloseable {
    private static final int API_PORT = 8088;
    private static final int INGRESS_PORT = 8080;
    private static final int GUEST_PORT = 8080;
    private static final String LOOPBACK = "127.0.0.1";

    final Lab lab;
    final String host;
    private final Path config;
    private Process server;

    NetworkPlane(String... grants) throws IOException {
        this(new Lab(), RealPlane.images(), grants);
    }

    /** One that fetches images, over plain HTTP from port 5000 of its host, into an image directory of its own. */
    static NetworkPlane withOwnImages() throws IOException {
        var lab = new Lab();
        var images = Files.createDirectory(lab.work().resolve("images"));
        for (var name : List.of("vmlinux", "vmlinux.initramfs")) {
            Files.copy(RealPlane.images().resolve(name), images.resolve(name));
        }
        return new NetworkPlane(lab, images);
    }

    private NetworkPlane(Lab lab, Path images, String... grants) throws IOException {
        this.lab = lab;
        host = lab.namespace("host");
        assertThat(images.resolve("vmlinux")).as("the guest's images").exists();
        config = lab.work().resolve("vmplane.yaml");
        Files.writeString(config, """
                backend: qemu
                state_dir: %s
                image_dir: %s
                desired_vms: %s
                network: {mode: tap, grants: %s}
                limits: {boot_ms: 120000}
                images: {registries_plain_http: ["localhost:5000"]}
                roles:
                  web: {cmd: [/app/bin/server], env: {PORT: %d}, health: {http: /health, grace_ms: 100000, interval_ms: 5000, timeout_ms: 5000}}
                """.formatted(
                        lab.work().resolve("state"),
                        images,
                        lab.work().resolve("none.yaml"),
                        new JsonArray(List.of(grants)).encode(),
                        GUEST_PORT));
    }

    /** Starts the server and waits until it takes requests. */
    void start() {
        server = lab.start(
                host,
                Map.of(),
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                "dev.vmplane.Main",
                "serve",
                "--config",
                config.toString());
        Lab.await(() -> {
            assertThat(server.isAlive())
                    .as("the control plane runs; it said " + said())
                    .isTrue();
            return lab.get(host, LOOPBACK, API_PORT, "/health/ready").contains(" 200 OK");
        });
    }

    /** Ends the server as {@code kill -9} does. */
    void kill() {
        server.destroyForcibly();
        Lab.await(() -> !server.isAlive());
    }

    /** Asks for a job, waits until it runs, and answers the address of its VM. */
    String running(String jobId, String tenant, String... allow) {
        var wish = new JsonObject()
                .put("job_id", jobId)
                .put("tenant", tenant)
                .put("spec", new JsonObject().put("role", "web").put("allow", new JsonArray(List.of(allow))));
        send("POST", "/vms", wish.encode());
        Lab.await(() -> vmsOf(jobId).anyMatch(vm -> "running".equals(vm.getString("phase"))));
        return vmsOf(jobId)
                .filter(vm -> "running".equals(vm.getString("phase")))
                .findFirst()
                .orElseThrow()
                .getString("address");
    }

    /** Deletes a job and waits until nothing of it is listed. */
    void delete(String jobId) {
        send("DELETE", "/vms/" + jobId, "");
        Lab.await(() -> instances().allMatch(vm -> List.of("stopped", "failed").contains(vm.getString("phase"))));
    }

    /** What a guest says at a path of its demo server. */
    String ask(String address, String path) {
        return body(lab.get(host, address, GUEST_PORT, path));
    }

    String send(String method, String path, String body) {
        var head = method + " " + path + " HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                + "Content-Length: " + body.length() + "\r\n\r\n";
        return body(lab.request(host, LOOPBACK, API_PORT, head + body));
    }

    /** The interfaces of the host, in the order of their names. */
    String interfaces() {
        return lab.in(host, "ls", "/sys/class/net");
    }

    String ruleset() {
        return lab.in(host, "nft", "list", "ruleset");
    }

    /** The programs that run on the host beside the server. */
    List<String> programs() {
        return lab.processes(host).stream()
                .filter(pid -> pid != server.pid())
                .map(pid -> ProcessHandle.of(pid)
                        .flatMap(process -> process.info().command())
                        .orElse(""))
                .filter(program -> program.endsWith("dnsmasq") || program.contains("qemu"))
                .sorted()
                .collect(Collectors.toList());
    }

    String said() {
        try {
            return Files.readString(lab.work().resolve(host + ".log"));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** What a service answers through the load balancer. */
    String visit(String jobId, String path) {
        var head = "GET " + path + " HTTP/1.0\r\nHost: " + jobId + ".localhost\r\n\r\n";
        return body(lab.request(host, LOOPBACK, INGRESS_PORT, head));
    }

    /** A command line of the program itself, as a shell takes it. */
    String program() {
        return "'%s' -XX:TieredStopAtLevel=1 -cp '%s' dev.vmplane.Main"
                .formatted(
                        Path.of(System.getProperty("java.home"), "bin", "java"), System.getProperty("java.class.path"));
    }

    java.util.stream.Stream<JsonObject> vmsOf(String jobId) {
        return instances().filter(vm -> jobId.equals(vm.getString("job_id")));
    }

    java.util.stream.Stream<JsonObject> instances() {
        return new JsonObject(send("GET", "/instances", ""))
                .getJsonArray("items").stream().map(JsonObject.class::cast);
    }

    private static String body(String answer) {
        return answer.substring(answer.indexOf("\r\n\r\n") + 4).strip();
    }

    @Override
    public void close() throws IOException {
        var databases = lab.in(host, "ls", lab.work().resolve("state/run").toString());
        lab.close();
        for (var database : databases.lines().toList()) {
            remove(Path.of("/run/vmplane", database));
        }
    }

    private static void remove(Path directory) throws IOException {
        if (Files.exists(directory)) {
            try (var files = Files.walk(directory)) {
                files.sorted(Comparator.reverseOrder())
                        .forEach(file -> file.toFile().delete());
            }
        }
    }
}
