package dev.vmplane.hypervisor.contract;

import static dev.vmplane.host.HostRig.await;

import dev.vmplane.host.Consoles;
import dev.vmplane.host.HostRig;
import dev.vmplane.host.Link;
import dev.vmplane.host.Processes;
import dev.vmplane.hypervisor.BackendDetection;
import dev.vmplane.hypervisor.Hypervisor;
import dev.vmplane.hypervisor.Machine;
import dev.vmplane.hypervisor.Machines;
import dev.vmplane.hypervisor.TapNamespace;
import dev.vmplane.model.Resources;
import dev.vmplane.model.VmmProcess;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Real processes of a real program, on the guest images that the build makes. */
final class RealRig implements ContractRig {
    /** No two machines of this test run share an address, nor with another run at the same time. */
    private static final AtomicInteger MACHINES = new AtomicInteger();

    private static final Path IMAGES =
            Path.of(System.getProperty("vmplane.images", ".vmplane/images")).toAbsolutePath();
    private static final int PORT = 8080;
    private static final long LOOK_MS = 5;
    private static final int COMMAND_LIMIT_SECONDS = 10;

    private final HostRig host;
    private final Path program;
    private final Drivers drivers;
    private final Connection connection;
    private final TapNamespace namespace;
    private final Hypervisor driver;
    private final Traits traits;

    /** Makes drivers of {@code program}. */
    @FunctionalInterface
    interface Drivers {
        Hypervisor of(HostRig host, Processes processes, Path program);
    }

    /** How the machines are connected. */
    enum Connection {
        FORWARDED,
        /** Not at all. */
        LOOPBACK,
        /** To taps in a network namespace that the program runs in. */
        TAP
    }

    RealRig(String program, boolean guestsRun, Connection connection, Drivers drivers) throws IOException {
        var found = BackendDetection.program(program, System.getenv("PATH")).orElseThrow();
        this.host = new HostRig();
        this.connection = connection;
        this.namespace = connection == Connection.TAP ? new TapNamespace() : null;
        this.program = namespace == null ? found : namespace.inside(found, home());
        this.drivers = drivers;
        this.driver = hypervisor();
        this.traits = new Traits(firstLine(found.toString(), "--version"), guestsRun, guestsRun, false);
    }

    @Override
    public Hypervisor hypervisor() {
        return drivers.of(host, processes(), program);
    }

    @Override
    public Hypervisor withoutProgram() {
        return drivers.of(host, processes(), home().resolve("no-such-program"));
    }

    @Override
    public Processes processes() {
        return host.launched();
    }

    @Override
    public Machine machine(int number) {
        var vmId = "vm-" + number;
        var machine = Machines.of(
                vmId,
                host.directory(vmId),
                IMAGES.resolve("vmlinux"),
                IMAGES.resolve("vmlinux.initramfs"),
                IMAGES.resolve("rootfs-web.ext4"),
                Resources.of(1, 128),
                link());
        await(host.directories.writeConfigDisk(vmId, Machines.config(machine, driver.capabilities())));
        return machine;
    }

    @Override
    public Future<Void> guestStarted(Machine machine) {
        return new Consoles(host.vertx, host.worker).watch(machine.directory()).started();
    }

    @Override
    public Future<?> deafen(Machine machine, VmmProcess process) {
        return host.worker
                .executeBlocking(() -> firstLine("kill", "-STOP", Long.toString(process.pid())))
                .compose(sent -> stopped(process));
    }

    @Override
    public Future<?> strike(Machine machine, VmmProcess process) {
        return host.worker.executeBlocking(() -> firstLine("kill", "-KILL", Long.toString(process.pid())));
    }

    @Override
    public Path home() {
        return host.runDir.getParent();
    }

    @Override
    public Traits traits() {
        return traits;
    }

    @Override
    public void close() {
        try {
            await(processes().running()).values().forEach(host::started);
            host.close();
            if (namespace != null) {
                namespace.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Link link() {
        return switch (connection) {
            case FORWARDED -> new Link.Forwarded(address(), PORT);
            case LOOPBACK -> new Link.Loopback(address());
            case TAP -> tap();
        };
    }

    private Link tap() {
        try {
            return namespace.tap();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Completes when a signal that was sent has reached the last thread of the process. */
    private Future<Void> stopped(VmmProcess process) {
        Promise<Void> stopped = Promise.promise();
        look(process, stopped);
        return stopped.future();
    }

    private void look(VmmProcess process, Promise<Void> stopped) {
        host.worker.executeBlocking(() -> allThreadsStopped(process)).onComplete(all -> {
            if (all.failed()) {
                stopped.fail(all.cause());
            } else if (all.result()) {
                stopped.complete();
            } else {
                host.vertx.setTimer(LOOK_MS, again -> look(process, stopped));
            }
        });
    }

    private static boolean allThreadsStopped(VmmProcess process) throws IOException {
        try (var threads = Files.list(Path.of("/proc", Long.toString(process.pid()), "task"))) {
            for (var thread : threads.toList()) {
                var stat = Files.readString(thread.resolve("stat"));
                if (stat.charAt(stat.lastIndexOf(')') + 2) != 'T') {
                    return false;
                }
            }
            return true;
        }
    }

    private static String address() {
        var run = ProcessHandle.current().pid();
        var number = MACHINES.incrementAndGet();
        return "127.%d.%d.%d".formatted(200 + (run >> 8) % 50, (run + number / 250) % 256, 1 + number % 250);
    }

    private static String firstLine(String... command) throws IOException {
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(COMMAND_LIMIT_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IOException(String.join(" ", command) + ": " + said);
            }
            return said.lines().findFirst().orElse("");
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }
}
