package dev.vmplane.api;

import dev.vmplane.model.Boot;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.Health;
import dev.vmplane.model.Lifecycle;
import dev.vmplane.model.Resources;
import dev.vmplane.model.Restart;
import dev.vmplane.model.Spec;
import dev.vmplane.model.SpecHash;
import dev.vmplane.model.WarmPool;
import dev.vmplane.model.Wish;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** The least a wish and a row can be. */
final class FileJobs {
    private FileJobs() {}

    static Wish wish(String jobId, String tenant, String program) {
        return new Wish(jobId, tenant, spec(program));
    }

    static DesiredVm row(String jobId, String tenant, Spec spec, DesiredVm.Source source) {
        return new DesiredVm(jobId, tenant, spec, SpecHash.of(spec.boot()), 1, source, Instant.EPOCH, Instant.EPOCH);
    }

    static Spec spec(String program) {
        var boot = new Boot(
                "rootfs.ext4",
                "vmlinux",
                List.of(program),
                Map.of(),
                Resources.of(1, 64),
                List.of(),
                8080,
                Health.NONE);
        return new Spec(
                null,
                boot,
                Lifecycle.DAEMON,
                WarmPool.NONE,
                new Restart(Restart.Policy.ALWAYS, 0),
                1,
                null,
                List.of(),
                Map.of());
    }
}
