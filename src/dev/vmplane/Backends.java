package dev.vmplane;

import dev.vmplane.host.CpuInfo;
import dev.vmplane.host.DetachedProcesses;
import dev.vmplane.host.Kvm;
import dev.vmplane.host.Link;
import dev.vmplane.host.Links;
import dev.vmplane.host.Processes;
import dev.vmplane.hypervisor.BackendDetection;
import dev.vmplane.hypervisor.Hypervisor;
import dev.vmplane.hypervisor.UnixHttp;
import dev.vmplane.hypervisor.firecracker.FirecrackerHypervisor;
import dev.vmplane.hypervisor.qemu.Acceleration;
import dev.vmplane.hypervisor.qemu.QemuHypervisor;
import dev.vmplane.hypervisor.simulator.SimulatorFiles;
import dev.vmplane.hypervisor.simulator.SimulatorLauncher;
import dev.vmplane.hypervisor.simulator.SimulatorProcesses;
import dev.vmplane.image.Images;
import dev.vmplane.model.Backend;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Puts together the driver of a backend with the processes it drives. */
final class Backends {
    private static final Links LOOPBACK = vm -> new Link.Loopback(vm.address());
    private static final Links FORWARDED =
            vm -> new Link.Forwarded(vm.address(), vm.boot().port());

    private final Vertx vertx;
    private final WorkerExecutor host;
    private final Config config;
    private final Path runDir;

    /**
     * A backend ready for use.
     *
     * @param runDir where its VMs have their directories: one for each database, so that no database ever takes another's
     *     VMs for its own
     * @param links how its VMs are connected that have no tap
     * @param imageDir where it finds its kernels and root file systems
     */
    record Chosen(Hypervisor hypervisor, Processes processes, Links links, Path runDir, Path imageDir) {}

    private Backends(Vertx vertx, WorkerExecutor host, Config config, String databaseId) {
        this.vertx = vertx;
        this.host = host;
        this.config = config;
        this.runDir =
                config.stateDir().toAbsolutePath().normalize().resolve("run").resolve(databaseId);
    }

    static Future<Chosen> of(Backend backend, Vertx vertx, WorkerExecutor host, Config config, String databaseId) {
        var backends = new Backends(vertx, host, config, databaseId);
        return switch (backend) {
            case FIRECRACKER -> Future.succeededFuture(backends.firecracker());
            case QEMU -> backends.qemu();
            case SIMULATOR -> backends.simulator();
        };
    }

    private Chosen firecracker() {
        var processes = new DetachedProcesses(vertx, runDir, host);
        return new Chosen(driver(Backend.FIRECRACKER, processes), processes, LOOPBACK, runDir, config.imageDir());
    }

    private Future<Chosen> qemu() {
        return host.executeBlocking(() -> {
                    var cpu = CpuInfo.ofThisHost();
                    return Acceleration.of(Kvm.usable(cpu), cpu);
                })
                .map(acceleration -> {
                    var processes = new DetachedProcesses(vertx, runDir, host);
                    var program = BackendDetection.program(BackendDetection.QEMU_PROGRAM, System.getenv("PATH"))
                            .orElse(Path.of(BackendDetection.QEMU_PROGRAM));
                    var driver = new QemuHypervisor(vertx, host, processes, program, acceleration);
                    return new Chosen(driver, processes, FORWARDED, runDir, config.imageDir());
                });
    }

    private Future<Chosen> simulator() {
        var place = new SimulatorFiles(config.stateDir().toAbsolutePath().normalize());
        var launcher = new SimulatorLauncher(vertx, place);
        var processes = new SimulatorProcesses(vertx, place.socket(), launcher::summon);
        var imageDir = place.stateDir().resolve("simulated-images");
        return host.executeBlocking(() -> makeStandIns(imageDir))
                .compose(made -> launcher.summon())
                .map(ready -> new Chosen(driver(Backend.SIMULATOR, processes), processes, LOOPBACK, runDir, imageDir));
    }

    private FirecrackerHypervisor driver(Backend backend, Processes processes) {
        return new FirecrackerHypervisor(backend, BackendDetection.FIRECRACKER_PROGRAM, processes, new UnixHttp(vertx));
    }

    /**
     * Simulated guests boot from files that must be there and are never read: empty ones, apart from the real ones, which
     * they must not be taken for.
     */
    private Void makeStandIns(Path imageDir) throws IOException {
        Files.createDirectories(imageDir);
        var defaults = config.defaults();
        for (var name : List.of(defaults.kernel(), defaults.kernel() + Images.INITRAMFS, defaults.rootfs())) {
            var file = imageDir.resolve(name);
            if (Files.notExists(file)) {
                Files.createFile(file);
            }
        }
        return null;
    }
}
