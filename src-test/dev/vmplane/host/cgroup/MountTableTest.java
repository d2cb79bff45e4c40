package dev.vmplane.host.cgroup;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MountTableTest {

    @Test
    void everyHierarchyOfVersion1HasAPlaceOfItsOwn() {
        var table = new MountTable(
                lines(
                        "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755",
                        "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct",
                        "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory"),
                lines("4:memory:/system.slice/vmplane.service", "1:cpu,cpuacct:/", "1:name=systemd:/"));

        assertThat(table.mountOf(Controller.CPU)).contains(Path.of("/sys/fs/cgroup/cpu,cpuacct"));
        assertThat(table.besideUs("cpu")).isEqualTo(Path.of("/sys/fs/cgroup/cpu,cpuacct"));
        assertThat(table.besideUs("memory")).isEqualTo(Path.of("/sys/fs/cgroup/memory/system.slice"));
        assertThat(table.mountOf(Controller.PIDS)).isEmpty();
        assertThat(table.unified()).isEmpty();
    }

    @ParameterizedTest(name = "{0} mounted from {1}: {2}")
    @CsvSource({
        "/system.slice/vmplane.service/control, /, /sys/fs/cgroup/system.slice/vmplane.service",
        "/vmplane.service, /, /sys/fs/cgroup",
        "/, /, /sys/fs/cgroup",
        "/docker/4f/app, /docker/4f, /sys/fs/cgroup",
        "/docker/4f/a/b, /docker/4f, /sys/fs/cgroup/a",
        "/elsewhere/a/b, /docker/4f, /sys/fs/cgroup",
        "/../../a/b, /, /sys/fs/cgroup"
    })
    void theCgroupAboveOursIsWhereOthersHang(String own, String root, Path above) {
        var table = new MountTable(
                "33 23 0:26 " + root + " /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate", "0::" + own);

        assertThat(table.besideUs("")).isEqualTo(above);
    }

    @Test
    void aMountPointMayHoldASpace() {
        var table = new MountTable("33 23 0:26 / /mnt/my\\040cgroups rw - cgroup2 none rw", "0::/");

        assertThat(table.unified()).contains(Path.of("/mnt/my cgroups"));
    }

    private static String lines(String... lines) {
        return String.join("\n", List.of(lines)) + "\n";
    }
}
