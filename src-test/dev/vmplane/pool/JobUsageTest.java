package dev.vmplane.pool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.host.cgroup.Usage;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JobUsageTest {
    private static final long SECOND = 1_000_000_000;

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final JobUsage usage = new JobUsage(registry);
    private final Map<String, String> owners = Map.of("vm-1", "web", "vm-2", "web", "vm-3", "db");

    @Test
    void theVmsOfAJobAreAddedUp() {
        look(Map.of());

        look(Map.of("vm-1", new Usage(SECOND, 10), "vm-2", new Usage(2 * SECOND, 20), "vm-9", new Usage(SECOND, 5)));

        assertThat(cpu("web")).isEqualTo(3);
        assertThat(memory("web")).isEqualTo(30);
        assertThat(registry.get("vmplane.pool.memory").gauge().value()).isEqualTo(5);
    }

    @Test
    void whatWasUsedBeforeTheFirstLookIsNobodys() {
        look(Map.of("vm-1", new Usage(100 * SECOND, 10)));

        look(Map.of("vm-1", new Usage(101 * SECOND, 10)));

        assertThat(cpu("web")).isEqualTo(1);
    }

    @Test
    void aVmThatHasEndedHoldsNoMemoryAndItsTimeStaysCounted() {
        look(Map.of());
        look(Map.of("vm-1", new Usage(SECOND, 10), "vm-3", new Usage(SECOND, 7)));

        look(Map.of("vm-3", new Usage(SECOND, 7)));

        assertThat(cpu("web")).isEqualTo(1);
        assertThat(memory("web")).isZero();
        assertThat(memory("db")).isEqualTo(7);
    }

    @Test
    void aJobThatIsGoneLeavesNoSeries() {
        look(Map.of("vm-1", new Usage(0, 10)));

        usage.forget("web");

        assertThat(registry.find("vmplane.job.memory").tag("job_id", "web").gauge())
                .isNull();
        assertThat(registry.find("vmplane.job.cpu").tag("job_id", "web").counter())
                .isNull();
    }

    private void look(Map<String, Usage> seen) {
        usage.show(seen, owners::get);
    }

    private double cpu(String job) {
        return registry.get("vmplane.job.cpu").tag("job_id", job).counter().count();
    }

    private double memory(String job) {
        return registry.get("vmplane.job.memory").tag("job_id", job).gauge().value();
    }
}
