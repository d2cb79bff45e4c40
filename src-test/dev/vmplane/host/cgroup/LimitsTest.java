package dev.vmplane.host.cgroup;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.host.cgroup.Limits.Setting;
import dev.vmplane.model.Overhead;
import dev.vmplane.model.Resources;
import org.junit.jupiter.api.Test;

class LimitsTest {
    private final Limits limits = Limits.of(Resources.of(2, 512), new Overhead(100, 25));

    @Test
    void aHypervisorHasMoreThanItsGuest() {
        assertThat(limits.cpuMicros()).isEqualTo(225_000);
        assertThat(limits.memoryBytes()).isEqualTo((512 + 100 + 128) * 1024L * 1024);
        assertThat(limits.processes()).isEqualTo(130);
    }

    @Test
    void version2HasThemInFilesOfOneDirectory() {
        assertThat(limits.settings(true))
                .extracting(Setting::file, Setting::value)
                .map(Object::toString)
                .containsExactly(
                        "(\"cpu.max\", \"225000 100000\")",
                        "(\"memory.max\", \"775946240\")",
                        "(\"memory.swap.max\", \"0\")",
                        "(\"memory.oom.group\", \"1\")",
                        "(\"pids.max\", \"130\")");
    }

    @Test
    void version1IsToldTheLimitWithSwapAfterTheOneWithout() {
        assertThat(limits.settings(false))
                .extracting(Setting::controller, Setting::file)
                .map(Object::toString)
                .containsExactly(
                        "(CPU, \"cpu.cfs_period_us\")",
                        "(CPU, \"cpu.cfs_quota_us\")",
                        "(MEMORY, \"memory.limit_in_bytes\")",
                        "(MEMORY, \"memory.memsw.limit_in_bytes\")",
                        "(PIDS, \"pids.max\")");
    }
}
