package dev.vmplane;

import com.sun.management.OperatingSystemMXBean;
import dev.vmplane.host.Consoles;
import dev.vmplane.host.Disks;
import dev.vmplane.host.Estate;
import dev.vmplane.host.Holding;
import dev.vmplane.host.Loans;
import dev.vmplane.host.LogArchive;
import dev.vmplane.host.LogFiles;
import dev.vmplane.host.Processes;
import dev.vmplane.host.RunDirectories;
import dev.vmplane.host.cgroup.Cgroups;
import dev.vmplane.host.disk.HostDisks;
import dev.vmplane.host.disk.Mke2fs;
import dev.vmplane.host.disk.VolumeFiles;
import dev.vmplane.image.ImageVerticle;
import dev.vmplane.image.Images;
import dev.vmplane.model.Backend;
import dev.vmplane.model.Time;
import dev.vmplane.pool.JobUsage;
import dev.vmplane.pool.LogVerticle;
import dev.vmplane.pool.Pool;
import dev.vmplane.pool.PoolVerticle;
import dev.vmplane.pool.UsageVerticle;
import dev.vmplane.vm.Agents;
import dev.vmplane.vm.HealthProbe;
import dev.vmplane.vm.HostGround;
import dev.vmplane.vm.Limits;
import dev.vmplane.vm.VmParts;
import dev.vmplane.vm.VmVerticle;
import dev.vmplane.vm.agent.AgentLink;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Everything of this host that VMs stand on: hypervisor, network, limits, disks and images, put together. */
final class HostParts {
    private static final Logger LOG = LoggerFactory.getLogger(HostParts.class);

    private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();

    /** From a committed row to a configured hypervisor. */
    private static final Duration START_LIMIT = Duration.ofSeconds(30);

    private final Vertx vertx;
    private final WorkerExecutor host;
    private final WorkerExecutor disk;
    private final WorkerExecutor reading;
    private final Config config;
    private final String databaseId;
    private final Time time;
    private final Backends.Chosen backend;
    private final Networks.Chosen network;
    private final Optional<Cgroups> cgroups;
    private final MeterRegistry registry;
    private final Mke2fs mke2fs = Mke2fs.onPath(System.getenv().getOrDefault("PATH", ""));
    private final VolumeFiles volumes;
    private final Images images;
    private final RunDirectories directories;
    private final LogArchive logs;

    private HostParts(
            Vertx vertx,
            WorkerExecutor host,
            WorkerExecutor disk,
            WorkerExecutor reading,
            Config config,
            String databaseId,
            Time time,
            Backends.Chosen backend,
            Networks.Chosen network,
            Optional<Cgroups> cgroups,
            MeterRegistry registry) {
        this.vertx = vertx;
        this.host = host;
        this.disk = disk;
        this.reading = reading;
        this.config = config;
        this.databaseId = databaseId;
        this.time = time;
        this.backend = backend;
        this.network = network;
        this.cgroups = cgroups;
        this.registry = registry;
        this.volumes = new VolumeFiles(config.stateDir().resolve("volumes").resolve(databaseId), mke2fs, disk);
        this.images = new Images(backend.imageDir(), host);
        this.directories = new RunDirectories(backend.runDir(), host);
        this.logs = new LogArchive(config.stateDir().resolve("logs").resolve(databaseId), directories, host);
    }

    /**
     * Finds out what this host has. Fails with a {@link ConfigException} when the configuration asks for what cannot be had.
     *
     * @param host runs what blocks for moments
     * @param disk runs what makes disks, which may take long
     * @param reading runs what reads logs for people
     */
    static Future<HostParts> of(
            Backend backend,
            Vertx vertx,
            WorkerExecutor host,
            WorkerExecutor disk,
            WorkerExecutor reading,
            Config config,
            String databaseId,
            Time time,
            MeterRegistry registry) {
        return Backends.of(backend, vertx, host, config, databaseId)
                .map(chosen -> chosen.metered(registry))
                .compose(chosen -> Networks.of(backend, chosen, vertx, host, config, databaseId, time)
                        .compose(network -> cgroups(chosen, config, databaseId, host, time)
                                .map(cgroups -> new HostParts(
                                        vertx,
                                        host,
                                        disk,
                                        reading,
                                        config,
                                        databaseId,
                                        time,
                                        chosen,
                                        network,
                                        cgroups,
                                        registry))));
    }

    /** Nothing where VMs are simulated, or the host has none and need not. */
    private static Future<Optional<Cgroups>> cgroups(
            Backends.Chosen chosen, Config config, String databaseId, WorkerExecutor host, Time time) {
        var mode = config.cgroups().mode();
        if (mode == Config.Cgroups.Mode.OFF || chosen.hypervisor().backend() == Backend.SIMULATOR) {
            return Future.succeededFuture(Optional.empty());
        }
        return Cgroups.open(config.cgroups().parent(), databaseId, chosen.overhead(), host, time)
                .map(Optional::of)
                .recover(missing -> {
                    if (mode == Config.Cgroups.Mode.ON) {
                        return Future.failedFuture(
                                new ConfigException(List.of("cgroups.mode cannot be on: " + missing.getMessage())));
                    }
                    LOG.atWarn().addKeyValue("missing", missing.getMessage()).log("vms run without limits");
                    return Future.succeededFuture(Optional.empty());
                });
    }

    Processes processes() {
        return backend.processes();
    }

    Networks.Chosen network() {
        return network;
    }

    VolumeFiles volumes() {
        return volumes;
    }

    Images images() {
        return images;
    }

    /** Gets images, into the directory where VMs look for what they boot from. */
    ImageVerticle imageVerticle() {
        return new ImageVerticle(
                backend.imageDir(),
                databaseId,
                config.images().withUsualCredentials(System.getenv()),
                System.getenv().getOrDefault("PATH", ""),
                time);
    }

    /** Answers for what VMs print, here and after their end. */
    LogVerticle logs() {
        return new LogVerticle(config.node(), new LogFiles(directories, logs, reading), logs, time);
    }

    /** Shows what VMs use, where the kernel counts it. */
    Optional<UsageVerticle> usage() {
        return cgroups.map(lent -> new UsageVerticle(lent::usages, new JobUsage(registry), time));
    }

    /** Gives VMs their verticles, on this ground. */
    PoolVerticle pool() {
        var kind = backend.hypervisor().backend();
        // A simulated guest has no disk to write to, and thousands of them should not cost thousands of files.
        var disks = switch (kind) {
            case FIRECRACKER, CLOUD_HYPERVISOR, QEMU -> new HostDisks(directories, volumes, mke2fs, disk);
            case SIMULATOR -> Disks.NONE;
        };
        var limits =
                new Limits(START_LIMIT, config.limits().boot(), config.limits().stop());
        var holdings = new ArrayList<Holding>(List.of(directories));
        holdings.addAll(network.lent());
        cgroups.ifPresent(holdings::add);
        var loans = new Loans(holdings);
        var ground = new HostGround(
                directories,
                images,
                new Consoles(vertx, host),
                network.links(),
                disks,
                loans,
                logs,
                vmId -> cgroups.map(lent -> lent.processLists(vmId)).orElse(List.of()),
                backend.hypervisor(),
                limits.stop(),
                time);
        Agents agents = machine ->
                new AgentLink(machine.vmId(), () -> backend.hypervisor().agent(machine), time);
        var parts = new VmParts(backend.hypervisor(), agents, ground, new HealthProbe(vertx, time), limits, time);
        return new PoolVerticle(
                new Pool(
                        config.boots().limit(kind, PROCESSORS),
                        config.capacity().limit(kind, PROCESSORS, memoryMib()),
                        backend.overhead()),
                new Estate(backend.processes(), directories, loans, config.brake()),
                (row, process) -> new VmVerticle(row, process, parts),
                time);
    }

    /** What this host has, or the container we are in. */
    private static long memoryMib() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize() / 1024 / 1024;
    }
}
