package dev.vmplane.walk;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whatever the end of a VM, what it printed can be read for as long as its row. */
class KeptLogWalkTest {
    private Plane plane;

    @BeforeEach
    void start() {
        plane = Plane.start();
    }

    @AfterEach
    void stop() {
        plane.close();
    }

    @Test
    void theLogOfAVmOutlivesItsProcessAndGoesWithItsRow() {
        var vm = running("web");

        plane.kill(vm);
        untilReleased(vm);

        assertThat(log(vm)).contains("simulated kernel", "vmplane-guest: started pid=1");
        assertThat(plane.get("/vms/web/logs?stream=guest").text()).contains("vmplane-guest: started pid=1");

        plane.delete("web");
        plane.until("log of " + vm + " goes", () -> {
            plane.pass(Duration.ofMinutes(1));
            return !kept().contains(vm + ".log");
        });
        assertThat(plane.get("/instances/" + vm + "/logs").status()).isEqualTo(404);
    }

    @Test
    void theLogOfAVmThatDiedUnseenIsKeptByTheNextControlPlane() {
        var vm = running("web");

        plane.stopControlPlane();
        plane.kill(vm);
        plane.startControlPlane();
        untilReleased(vm);

        assertThat(log(vm)).contains("vmplane-guest: started pid=1");
    }

    private String running(String jobId) {
        plane.post(Plane.web(jobId, "red"));
        plane.untilState(jobId, "running");
        return plane.instances(jobId).get(0).getString("vm_id");
    }

    private void untilReleased(String vm) {
        plane.until(vm + " is released", () -> !plane.held().get("directories").contains(vm));
    }

    private String log(String vm) {
        return plane.get("/instances/" + vm + "/logs?stream=kernel,guest").text();
    }

    private List<String> kept() {
        var logs = plane.runDir()
                .getParent()
                .resolveSibling("logs")
                .resolve(plane.runDir().getFileName());
        try (var files = Files.list(logs)) {
            return files.map(file -> file.getFileName().toString()).toList();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
