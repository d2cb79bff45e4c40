package dev.vmplane;

import dev.vmplane.host.CpuInfo;
import dev.vmplane.host.Kvm;
import dev.vmplane.host.LaunchedProcesses;
import dev.vmplane.host.Link;
import dev.vmplane.host.Links;
import dev.vmplane.host.Processes;
import dev.vmplane.host.VmUids;
import dev.vmplane.hypervisor.AgentSocket;
import dev.vmplane.hypervisor.BackendDetection;
import dev.vmplane.hypervisor.Hypervisor;
import dev.vmplane.hypervisor.MeteredHypervisor;
import dev.vmplane.hypervisor.UnixHttp;
import dev.vmplane.hypervisor.cloudhypervisor.CloudHypervisorHypervisor;
import dev.vmplane.hypervisor.firecracker.FirecrackerHypervisor;
import dev.vmplane.hypervisor.firecracker.JailedLaunch;
import dev.vmplane.hypervisor.firecracker.JailerChoice;
import dev.vmplane.hypervisor.firecracker.Launch;
import dev.vmplane.hypervisor.firecracker.RawLaunch;
import dev.vmplane.hypervisor.qemu.Acceleration;
import dev.vmplane.hypervisor.qemu.QemuHypervisor;
import dev.vmplane.hypervisor.simulator.SimulatorFiles;
import dev.vmplane.hypervisor.simulator.SimulatorLauncher;
import dev.vmplane.hypervisor.simulator.SimulatorProcesses;
import dev.vmplane.image.Images;
import dev.vmplane.model.Backend;
import dev.vmplane.model.Overhead;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Puts together the driver of a backend with the processes it drives. */
final class Backends {
    private static final Logger LOG = LoggerFactory.getLogger(Backends.class);
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
     * @param overhead what each VM costs the host beside the memory of its guest
     * @param users who its processes run as, when each VM's runs as a user of its own
     */
    record Chosen(
            Hypervisor hypervisor,
            Processes processes,
            Links links,
            Path runDir,
            Path imageDir,
            Overhead overhead,
            Optional<VmUids> users) {

        /** The same, and what its hypervisor is asked is measured. */
        Chosen metered(MeterRegistry registry) {
            return new Chosen(
                    new MeteredHypervisor(hypervisor, registry), processes, links, runDir, imageDir, overhead, users);
        }
    }

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
            case FIRECRACKER -> backends.firecracker();
            case CLOUD_HYPERVISOR -> Future.succeededFuture(backends.cloudHypervisor());
            case QEMU -> backends.qemu();
            case SIMULATOR -> backends.simulator();
        };
    }

    private Future<Chosen> firecracker() {
        var processes = launched();
        return host.executeBlocking(this::firecrackerLaunch)
                .map(launch -> new Chosen(
                        driver(Backend.FIRECRACKER, launch, processes),
                        processes,
                        LOOPBACK,
                        runDir,
                        config.imageDir(),
                        Overhead.of(Backend.FIRECRACKER, false),
                        launch instanceof JailedLaunch ? Optional.of(users()) : Optional.empty()));
    }

    /** Blocks for a moment: looks for the programs. */
    private Launch firecrackerLaunch() throws IOException {
        var path = System.getenv("PATH");
        var found = BackendDetection.program(BackendDetection.FIRECRACKER_PROGRAM, path);
        var program = found.isPresent() ? found.get().toRealPath() : Path.of(BackendDetection.FIRECRACKER_PROGRAM);
        var jailer = BackendDetection.program(JailerChoice.JAILER_PROGRAM, path);
        var root = Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
        var choice = chooseJailer(jailer.isPresent(), root);
        (choice.doubtful() ? LOG.atWarn() : LOG.atInfo())
                .addKeyValue("jailed", choice.jailed())
                .addKeyValue("why", choice.why())
                .log("firecracker's launch chosen");
        if (!choice.jailed()) {
            return new RawLaunch(program.toString(), host);
        }
        return new JailedLaunch(jailer.orElseThrow(), program, users(), host);
    }

    private VmUids users() {
        return VmUids.of(config.jailer().uidBase(), config.addressRangeOr(Networks.TAP_RANGE));
    }

    private JailerChoice chooseJailer(boolean installed, boolean root) {
        try {
            return JailerChoice.choose(config.jailer().use(), installed, root);
        } catch (IllegalArgumentException impossible) {
            throw new ConfigException(List.of(impossible.getMessage()));
        }
    }

    private Chosen cloudHypervisor() {
        var processes = launched();
        var driver = new CloudHypervisorHypervisor(
                Backend.CLOUD_HYPERVISOR,
                BackendDetection.CLOUD_HYPERVISOR_PROGRAM,
                processes,
                new UnixHttp(vertx),
                new AgentSocket(vertx),
                host);
        return new Chosen(
                driver,
                processes,
                LOOPBACK,
                runDir,
                config.imageDir(),
                Overhead.of(Backend.CLOUD_HYPERVISOR, false),
                Optional.empty());
    }

    private Future<Chosen> qemu() {
        return host.executeBlocking(() -> {
            var cpu = CpuInfo.ofThisHost();
            var processes = launched();
            var program = BackendDetection.program(BackendDetection.QEMU_PROGRAM, System.getenv("PATH"))
                    .orElse(Path.of(BackendDetection.QEMU_PROGRAM));
            var driver = new QemuHypervisor(vertx, host, processes, program, Acceleration.of(cpu));
            var overhead = Overhead.of(Backend.QEMU, !Kvm.usable(cpu));
            return new Chosen(driver, processes, FORWARDED, runDir, config.imageDir(), overhead, Optional.empty());
        });
    }

    private Processes launched() {
        return new LaunchedProcesses(vertx, config.stateDir(), runDir, host);
    }

    private Future<Chosen> simulator() {
        var place = new SimulatorFiles(config.stateDir().toAbsolutePath().normalize());
        var launcher = new SimulatorLauncher(vertx, place);
        var processes = new SimulatorProcesses(vertx, place.socket(), launcher::summon);
        var imageDir = place.stateDir().resolve("simulated-images");
        return host.executeBlocking(() -> makeStandIns(imageDir))
                .compose(made -> launcher.summon())
                .map(ready -> new Chosen(
                        driver(Backend.SIMULATOR, new RawLaunch(BackendDetection.FIRECRACKER_PROGRAM, host), processes),
                        processes,
                        LOOPBACK,
                        runDir,
                        imageDir,
                        Overhead.of(Backend.SIMULATOR, false),
                        Optional.empty()));
    }

    private FirecrackerHypervisor driver(Backend backend, Launch launch, Processes processes) {
        return new FirecrackerHypervisor(backend, launch, processes, new UnixHttp(vertx), new AgentSocket(vertx));
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
