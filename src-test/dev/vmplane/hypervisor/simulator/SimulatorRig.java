package dev.vmplane.hypervisor.simulator;

import dev.vmplane.host.Link;
import dev.vmplane.host.RunDirectory;
import dev.vmplane.hypervisor.AgentSocket;
import dev.vmplane.hypervisor.Hypervisor;
import dev.vmplane.hypervisor.Machine;
import dev.vmplane.hypervisor.Machines;
import dev.vmplane.hypervisor.UnixHttp;
import dev.vmplane.hypervisor.cloudhypervisor.CloudHypervisorHypervisor;
import dev.vmplane.hypervisor.firecracker.FirecrackerHypervisor;
import dev.vmplane.hypervisor.firecracker.RawLaunch;
import dev.vmplane.model.Backend;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Resources;
import dev.vmplane.model.VmmProcess;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A simulator inside the test's own JVM, in a temporary directory with a short name, and everything that is needed to
 * start VMs in it. The addresses of two rigs do not collide: each takes its own part of 127.64.0.0/10.
 */
public final class SimulatorRig {
    private static final AtomicInteger RIGS = new AtomicInteger();
    private static final int CAPACITY = 9_000;
    private static final long LOOK_MS = 10;
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private final Vertx vertx;
    private final Path stateDir;
    private final int network = (int) (ProcessHandle.current().pid() + 31L * RIGS.incrementAndGet()) & 0xff;
    private String deployment;

    private SimulatorRig(Vertx vertx, Path stateDir) {
        this.vertx = vertx;
        this.stateDir = stateDir;
    }

    /** Starts a simulator. */
    public static Future<SimulatorRig> start(Vertx vertx) {
        try {
            var rig = new SimulatorRig(vertx, Files.createTempDirectory(Path.of("/tmp"), "vmp"));
            Files.writeString(rig.kernel(), "kernel");
            Files.writeString(rig.initramfs(), "initramfs");
            Files.writeString(rig.rootfs(), "rootfs");
            return rig.startSimulator().map(rig);
        } catch (IOException cause) {
            return Future.failedFuture(cause);
        }
    }

    /** Starts the simulator again after {@link #stopSimulator}, without the VMs of the former one. */
    public Future<Void> startSimulator() {
        return vertx.deployVerticle(new Simulator(controlSocket(), CAPACITY, Instant.now()))
                .onSuccess(id -> deployment = id)
                .mapEmpty();
    }

    /** Ends the simulator and with it all its VMs, as if the host had gone. */
    public Future<Void> stopSimulator() {
        return vertx.undeploy(deployment);
    }

    /** Removes the directory; the simulator ends with its Vert.x, or has ended. */
    public void delete() {
        try (var files = Files.walk(stateDir)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        } catch (IOException cause) {
            throw new UncheckedIOException(cause);
        }
    }

    /** The same place, seen from another Vert.x. */
    public SimulatorRig on(Vertx other) {
        return new SimulatorRig(other, stateDir);
    }

    public Path stateDir() {
        return stateDir;
    }

    public Path controlSocket() {
        return new SimulatorFiles(stateDir).socket();
    }

    public Path kernel() {
        return stateDir.resolve("vmlinux");
    }

    public Path initramfs() {
        return stateDir.resolve("vmlinux.initramfs");
    }

    public Path rootfs() {
        return stateDir.resolve("rootfs.ext4");
    }

    /** The host's processes, as a control plane that has just started sees them. */
    public SimulatorProcesses processes() {
        return new SimulatorProcesses(
                vertx, controlSocket(), () -> Future.failedFuture("the rig's simulator is stopped"));
    }

    /** A driver as a control plane that has just started has it. */
    public FirecrackerHypervisor hypervisor() {
        return hypervisor(processes());
    }

    public FirecrackerHypervisor hypervisor(SimulatorProcesses processes) {
        var launch = new RawLaunch("firecracker", vertx.createSharedWorkerExecutor("launch", 4));
        return new FirecrackerHypervisor(
                Backend.SIMULATOR, launch, processes, new UnixHttp(vertx), new AgentSocket(vertx));
    }

    /** A driver of the other hypervisor that the simulator can be. */
    public CloudHypervisorHypervisor cloudHypervisor() {
        return new CloudHypervisorHypervisor(
                Backend.SIMULATOR,
                "cloud-hypervisor",
                processes(),
                new UnixHttp(vertx),
                new AgentSocket(vertx),
                vertx.createSharedWorkerExecutor("cloud-hypervisor-files", 2));
    }

    /** The machine of the VM {@code vm-<number>}, with its run directory and its configuration disk in place. */
    public Machine machine(int number, Map<String, String> env) {
        var directory = RunDirectory.of(stateDir.resolve("run"), "vm-" + number);
        var address = "127.%d.%d.%d".formatted(64 + network % 64, number / 200, 1 + number % 200);
        try {
            Files.createDirectories(directory.path());
            Files.write(
                    directory.configDisk(),
                    configDisk(directory.path().getFileName().toString(), address, env));
        } catch (IOException cause) {
            throw new UncheckedIOException(cause);
        }
        return Machines.of(
                "vm-" + number,
                directory,
                kernel(),
                initramfs(),
                rootfs(),
                Resources.of(1, 128),
                new Link.Loopback(address));
    }

    /** Brings a machine all the way up: completes with its process when its guest has started. */
    public Future<VmmProcess> up(Hypervisor hypervisor, Machine machine) {
        return hypervisor
                .launch(machine)
                .compose(process -> hypervisor
                        .configure(machine)
                        .compose(configured -> hypervisor.boot(machine))
                        .compose(booted -> printed(machine, "vmplane-guest: started"))
                        .map(process));
    }

    /** Completes with what a guest has printed once {@code text} is part of it. */
    public Future<String> printed(Machine machine, String text) {
        Promise<String> printed = Promise.promise();
        look(machine, text, printed);
        return printed.future().timeout(LIMIT.toMillis(), TimeUnit.MILLISECONDS).onFailure(printed::tryFail);
    }

    private void look(Machine machine, String text, Promise<String> printed) {
        vertx.fileSystem()
                .readFile(machine.directory().console().toString())
                .map(Buffer::toString)
                .otherwise("")
                .onSuccess(console -> {
                    if (console.contains(text)) {
                        printed.tryComplete(console);
                    } else if (!printed.future().isComplete()) {
                        vertx.setTimer(LOOK_MS, again -> look(machine, text, printed));
                    }
                });
    }

    /** Sets how every VM behaves, see {@link Behaviour}. */
    public Future<Void> behave(JsonObject behaviour) {
        return put("/behaviour", behaviour);
    }

    /** Sets how one running VM behaves. */
    public Future<Void> behave(String vmId, JsonObject behaviour) {
        return put("/vms/" + vmId + "/behaviour", behaviour);
    }

    /** A configuration disk as the host writes it. */
    static byte[] configDisk(String hostname, String address, Map<String, String> env) {
        var payload = new ByteArrayOutputStream();
        payload.writeBytes("arg=/app/bin/server\0".getBytes(StandardCharsets.UTF_8));
        env.forEach((name, value) ->
                payload.writeBytes(("env=" + name + "=" + value + "\0").getBytes(StandardCharsets.UTF_8)));
        payload.writeBytes(
                ("hostname=" + hostname + "\0ip=" + address + "/8\0end=reboot\0").getBytes(StandardCharsets.UTF_8));
        return ByteBuffer.allocate(12 + payload.size())
                .order(ByteOrder.LITTLE_ENDIAN)
                .put("VMPLANE1".getBytes(StandardCharsets.US_ASCII))
                .putInt(payload.size())
                .put(payload.toByteArray())
                .array();
    }

    private Future<Void> put(String uri, JsonObject behaviour) {
        return new UnixHttp(vertx)
                .send(
                        controlSocket(),
                        new UnixHttp.Call(
                                "rig cannot set " + uri,
                                ReasonCode.HYPERVISOR_REFUSED,
                                HttpMethod.PUT,
                                uri,
                                behaviour.toBuffer(),
                                LIMIT))
                .mapEmpty();
    }
}
