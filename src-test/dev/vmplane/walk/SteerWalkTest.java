package dev.vmplane.walk;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.http.HttpMethod;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Jobs that are stopped, started, restarted and patched, from the request to the processes of their VMs. */
class SteerWalkTest {
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
    void aStoppedJobStaysStoppedThroughARestartOfTheControlPlane() {
        plane.post(Plane.web("first", "red"));
        plane.untilState("first", "running");

        assertThat(steer("stop").status()).isEqualTo(202);
        plane.until("everything is gone", () -> plane.held().values().stream().allMatch(List::isEmpty));
        plane.stopControlPlane();
        plane.startControlPlane();

        var job = plane.get("/vms/first").json();
        assertThat(job.getBoolean("run")).isFalse();
        assertThat(job.getJsonObject("status").getString("state")).isEqualTo("stopped");
        assertThat(plane.visit("first.localhost", "/").status()).isEqualTo(503);

        steer("start");
        plane.untilState("first", "running");
        assertThat(plane.visit("first.localhost", "/").status()).isEqualTo(200);
    }

    @Test
    void aRestartedJobServesAllTheWhile() {
        plane.post(Plane.web("first", "red"));
        plane.untilState("first", "running");
        var before = plane.instances("first").get(0).getString("vm_id");

        steer("restart");
        plane.until("another VM has taken over", () -> {
            assertThat(plane.visit("first.localhost", "/").status()).isEqualTo(200);
            return plane.instances("first").stream()
                    .allMatch(vm -> !vm.getString("vm_id").equals(before) && vm.getBoolean("healthy") != null);
        });

        assertThat(plane.get("/instances/" + before)
                        .json()
                        .getJsonObject("reason")
                        .getString("code"))
                .isEqualTo("replaced");
    }

    @Test
    void aPatchChangesWhatItNamesAndNothingElse() {
        plane.post(Plane.web("first", "red"));
        plane.untilState("first", "running");
        var before = plane.get("/vms/first").json();

        var same = patch("{\"spec\": {}}");
        var more = patch("{\"spec\": {\"labels\": {\"team\": \"billing\"}, \"replicas\": 2}}");

        assertThat(same.json().getInteger("generation")).isEqualTo(1);
        assertThat(more.json().getInteger("generation")).isEqualTo(2);
        assertThat(more.json().getString("spec_hash")).isEqualTo(before.getString("spec_hash"));
        plane.untilState("first", "running");
        assertThat(plane.instances("first")).hasSize(2);
        patch("{\"spec\": {\"env\": {\"COLOUR\": null}}}");
        assertThat(plane.get("/vms/first")
                        .json()
                        .getJsonObject("spec")
                        .getJsonObject("env")
                        .fieldNames())
                .doesNotContain("COLOUR")
                .contains("PORT");
    }

    @Test
    void aWholeWishIsPutUnderItsPath() {
        var wish = Plane.web("first", "red");
        wish.remove("job_id");

        var made = plane.api(HttpMethod.PUT, "/vms/first", wish.encode());
        var other = plane.api(
                HttpMethod.PUT, "/vms/first", Plane.web("second", "red").encode());

        assertThat(made.status()).isEqualTo(202);
        assertThat(other.status()).isEqualTo(422);
        assertThat(other.json().getString("code")).isEqualTo("other_job");
    }

    private Visitor.Reply patch(String difference) {
        return plane.api(HttpMethod.PATCH, "/vms/first", difference);
    }

    private Visitor.Reply steer(String way) {
        return plane.api(HttpMethod.POST, "/vms/first/" + way, "");
    }
}
