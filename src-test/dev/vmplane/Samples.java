package dev.vmplane;

import dev.vmplane.model.Boot;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.Health;
import dev.vmplane.model.Lifecycle;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Owner;
import dev.vmplane.model.Resources;
import dev.vmplane.model.Restart;
import dev.vmplane.model.Spec;
import dev.vmplane.model.VmState;
import dev.vmplane.model.VmmProcess;
import dev.vmplane.model.WarmPool;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Jobs and microVMs as tests need them: everything ordinary but what the test is about. */
public final class Samples {
    /** Passes in real time, whatever hands turn the rest: a check that a busy machine is slow with has not failed. */
    private static final Duration PROBE_LIMIT = Duration.ofSeconds(15);

    public static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    public static final VmmProcess PROCESS = new VmmProcess(4711, 1);
    public static final String HASH = "hash-of-web";

    private Samples() {}

    public static Boot boot(int port) {
        var health = new Health(
                Health.Kind.HTTP, "/health", port, Duration.ofSeconds(1), PROBE_LIMIT, Duration.ofSeconds(15));
        return new Boot(
                "rootfs-web.ext4",
                "vmlinux",
                List.of("/app/bin/server"),
                Map.of("PORT", Integer.toString(port)),
                Resources.of(1, 128),
                List.of(),
                port,
                health);
    }

    public static Spec spec(Lifecycle lifecycle, int replicas, String host) {
        return spec(lifecycle, replicas, host, 8080);
    }

    public static Spec spec(Lifecycle lifecycle, int replicas, String host, int port) {
        return new Spec(
                "web",
                boot(port),
                lifecycle,
                new WarmPool(1, 3),
                new Restart(Restart.Policy.ALWAYS, 0),
                replicas,
                host,
                List.of(),
                Map.of());
    }

    public static DesiredVm job(String jobId, Spec spec) {
        return new DesiredVm(jobId, jobId, spec, HASH, 1, DesiredVm.Source.API, NOW, NOW);
    }

    public static DesiredVm service(String jobId) {
        return job(jobId, spec(Lifecycle.SERVICE, 1, null));
    }

    public static Owner owner(String jobId, int replica) {
        return new Owner(jobId, jobId, replica, 1);
    }

    public static MicroVm vm(String vmId, Owner owner, VmState state) {
        return vm(vmId, owner, state, "127.64.0.1", 8080);
    }

    public static MicroVm vm(String vmId, Owner owner, VmState state, String address, int port) {
        return new MicroVm(vmId, "node-1", HASH, boot(port), owner, state, address, NOW, false);
    }

    public static VmState.Warm warm() {
        return new VmState.Warm(NOW, PROCESS);
    }

    public static VmState.Running running() {
        return new VmState.Running(NOW, PROCESS, true);
    }
}
