package dev.vmplane.crash;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Control planes are killed, and the next ones find everything. A few kills here; {@code make crash} makes it a thousand
 * with {@code -Dvmplane.crash.kills}, and repeats a run with {@code -Dvmplane.crash.seed}.
 */
@Tag("crash")
class CrashTest {
    private static final int KILLS = Integer.getInteger("vmplane.crash.kills", 25);
    private static final long SEED = Long.getLong("vmplane.crash.seed", System.nanoTime() % 1_000_000);
    private static final int SECONDS_A_KILL = 30;

    /** Shows the interfaces of the namespace under /sys, and the host's cgroups as before. */
    private static final String INSIDE = """
            set -e
            mount --rbind /sys/fs/cgroup /mnt
            mount -t sysfs sysfs /sys
            mount --rbind /mnt /sys/fs/cgroup
            ip link set lo up
            exec "$@"
            """;

    /** In a network namespace, where its bridges and rules are nobody else's and end with it. */
    @Test
    void whateverKillsTheControlPlaneTheNextOneFindsEveryVmAndEveryAcknowledgedWrite() throws Exception {
        var root = System.getProperty("user.name").equals("root");
        var suite = new ProcessBuilder(
                        "unshare",
                        root ? "--net" : "--map-root-user",
                        "--net",
                        "--mount",
                        "sh",
                        "-c",
                        INSIDE,
                        "sh",
                        System.getProperty("java.home") + "/bin/java",
                        "-Xmx256m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        CrashMain.class.getName(),
                        Integer.toString(KILLS),
                        Long.toString(SEED))
                .redirectErrorStream(true)
                .start();

        var last = "";
        try (var output = suite.inputReader()) {
            for (var line = output.readLine(); line != null; line = output.readLine()) {
                System.out.println(line);
                last = line;
            }
        }

        assertThat(suite.waitFor(SECONDS_A_KILL, TimeUnit.SECONDS)).isTrue();
        assertThat(last).as("what the suite said last").contains(KILLS + " kills", "0 leaks, 0 lost writes");
    }
}
