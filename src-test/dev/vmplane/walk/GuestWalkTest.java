package dev.vmplane.walk;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The main job on real guests: QEMU, a real kernel, a real program that answers through the load balancer. */
@Tag("qemu")
class GuestWalkTest {
    private RealPlane plane;

    @BeforeEach
    void start() {
        plane = RealPlane.start();
    }

    @AfterEach
    void stop() {
        plane.close();
    }

    @Test
    void aDeclaredVmAnswersFromItsGuestAndTheNextOfItsSpecIsLiveAtOnce() {
        var odd = "line\nbreak, \"quotes\", = and ü";
        plane.running("first", Map.of("ODD", odd));
        plane.heard("vm.phase", event -> "warm".equals(facts(event).getString("to")));

        var second = plane.put("second", Map.of("ODD", odd));

        assertThat(second.status()).isEqualTo(201);
        assertThat(plane.visit("first.localhost", "/").text()).contains(plane.vmOf("first"));
        assertThat(plane.visit("second.localhost", "/").text()).contains(plane.vmOf("second"));
        assertThat(plane.visit("second.localhost", "/env").json().getString("ODD"))
                .isEqualTo(odd);
    }

    @Test
    void aKilledGuestIsBackFromTheWarmPool() {
        plane.running("first", Map.of());
        plane.heard("vm.phase", event -> "warm".equals(facts(event).getString("to")));
        var before = plane.vmOf("first");

        plane.kill(before);
        plane.heard("vm.attached", event -> "first".equals(event.getString("job_id")));

        assertThat(plane.vmOf("first")).isNotEqualTo(before);
        assertThat(plane.visit("first.localhost", "/").text()).contains(plane.vmOf("first"));
    }

    @Test
    void theVmsOutliveTheControlPlaneAndTheNextOneAdoptsThem() {
        plane.running("first", Map.of());
        plane.heard("vm.phase", event -> "warm".equals(facts(event).getString("to")));
        var processes = plane.processes();

        plane.restartControlPlane();

        assertThat(plane.visit("first.localhost", "/").status()).isEqualTo(200);
        assertThat(plane.processes()).isEqualTo(processes).hasSize(2);
    }

    @Test
    void aDeletedJobLeavesNoProcessAndNoDirectory() {
        plane.running("first", Map.of());
        var vm = plane.vmOf("first");

        plane.delete("first");
        plane.heard("vm.released", event -> vm.equals(event.getString("vm_id")));

        assertThat(plane.processes()).doesNotContainKey(vm);
        assertThat(plane.runDir().resolve(vm)).doesNotExist();
    }

    private static JsonObject facts(JsonObject event) {
        return event.getJsonObject("data");
    }
}
