package dev.vmplane.walk;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What simulated guests are told at the turns of their lives, through the whole plane. */
class HookWalkTest {
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
    void aWarmVmHearsOfItsJobBeforeItIsRouted() {
        plane.post(wish("first", "{}", "running", "Oslo"));
        plane.untilState("first", "running");
        plane.until("a VM is warm", () -> plane.warm() == 1);

        plane.post(wish("second", "{}", "running", "Rome"));
        plane.untilState("second", "running");

        assertThat(told("first").getJsonObject("attach").encode()).contains("CITY=Oslo");
        assertThat(told("second").getJsonObject("attach").encode()).contains("\"job_id\":\"second\"", "CITY=Rome");
        assertThat(told("second").getJsonArray("hooks"))
                .extracting(hook -> ((JsonObject) hook).getString("path"))
                .containsExactly("/warm", "/attach");
        assertThat(told("second").getInteger("wakes")).isZero();
    }

    @Test
    void aVmThatSleepsIsWokenForItsJob() {
        plane.post(wish("first", "{}", "paused", "Oslo"));
        plane.untilState("first", "running");
        plane.until(
                "a VM sleeps",
                () -> plane.instances(null).stream().anyMatch(vm -> "paused".equals(vm.getString("phase"))));

        plane.post(wish("second", "{}", "paused", "Rome"));
        plane.untilState("second", "running");

        assertThat(told("second").getInteger("wakes")).isEqualTo(1);
        assertThat(told("second").getJsonObject("attach").encode()).contains("CITY=Rome");
    }

    @Test
    void aJobWhoseHookFailsSaysSo() {
        plane.post(wish("first", "{\"SIM_HOOK_STATUS\": 500}", "running", "Oslo"));

        plane.until("the hook has failed", () -> plane.get("/vms/first").text().contains("hook_failed"));
        assertThat(plane.get("/vms/first").text()).contains("the warm hook answered with status 500");
    }

    private JsonObject told(String jobId) {
        return plane.visit(jobId + ".localhost", "/told").json();
    }

    private static JsonObject wish(String jobId, String env, String mode, String city) {
        var hooks = new JsonObject()
                .put("warm", new JsonObject().put("http", "/warm"))
                .put("attach", new JsonObject().put("http", "/attach"));
        var wish = Plane.web(jobId, "red");
        wish.getJsonObject("spec")
                .put("hooks", hooks)
                .put("attach_env", new JsonObject().put("CITY", city))
                .put("warm_pool", new JsonObject().put("min", 1).put("max", 2).put("mode", mode))
                .getJsonObject("env")
                .mergeIn(new JsonObject(env));
        return wish;
    }
}
