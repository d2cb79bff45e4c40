package dev.vmplane.walk;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Volumes as a tenant sees them: through the API, over a simulated hypervisor. */
class VolumeWalkTest {
    private static final String DATA = "/volumes/data?tenant=acme";

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
    void aVolumeShowsWhoNamesItAndWhoHasIt() {
        plane.post(database("db", "red", 64));
        plane.untilState("db", "running");

        var shown = plane.get(DATA).json();

        assertThat(shown.getString("state")).isEqualTo("attached");
        assertThat(shown.getString("job_id")).isEqualTo("db");
        assertThat(shown.getString("vm_id"))
                .isEqualTo(plane.instances("db").get(0).getString("vm_id"));
        assertThat(shown.getJsonArray("jobs")).isEqualTo(new JsonArray(List.of("db")));
        assertThat(plane.items("/volumes?tenant=acme")).containsExactly(shown);
        assertThat(plane.items("/volumes?tenant=rival")).isEmpty();
    }

    @Test
    void theSecondJobWaitsAndSaysForWhomUntilTheFirstIsGone() {
        plane.post(database("db", "red", 64));
        plane.untilState("db", "running");

        plane.post(database("report", "blue", 64));
        plane.untilState("report", "waiting");

        var reason = plane.get("/vms/report").json().getJsonObject("status").getJsonObject("reason");
        assertThat(reason.getString("code")).isEqualTo("volume_busy");
        assertThat(reason.getString("detail"))
                .startsWith("volume 'data' is with vm-")
                .contains("of job 'db'");
        plane.delete("db");
        plane.untilState("report", "running");
    }

    @Test
    void theFormerVmOfAChangedSpecIsGoneBeforeTheNextOneGetsItsVolume() {
        plane.post(database("db", "red", 64));
        plane.untilState("db", "running");
        var former = plane.instances("db").get(0).getString("vm_id");

        plane.post(database("db", "blue", 64));
        plane.untilState("db", "running");

        var moves = plane.pageOfEvents().stream()
                .filter(event -> event.getString("type").matches("volume[.](at|de)tached"))
                .map(event -> event.getString("type") + " " + former.equals(event.getString("vm_id")))
                .toList();
        assertThat(moves).containsExactly("volume.attached true", "volume.detached true", "volume.attached false");
    }

    @Test
    void anotherSizeIsAConflict() {
        plane.post(database("db", "red", 64));

        var refused = plane.post(database("db", "red", 128));

        assertThat(refused.status()).isEqualTo(409);
        assertThat(refused.json().getString("code")).isEqualTo("volume_size_differs");
        assertThat(refused.json().getString("detail")).contains("64 MiB").contains("128");
    }

    @Test
    void aVolumeOfARoleWithAWarmPoolSaysWhatToDo() {
        var wish = database("db", "red", 64);
        wish.getJsonObject("spec").remove("warm_pool");

        var refused = plane.post(wish);

        assertThat(refused.status()).isEqualTo(422);
        assertThat(refused.json().getString("field")).isEqualTo("spec.warm_pool");
        assertThat(refused.json().getString("detail")).contains("set min and max to 0");
    }

    @Test
    void aVolumeGoesOnlyWhenNobodyNeedsItAndSomebodyAsks() {
        plane.post(database("db", "red", 64));
        plane.untilState("db", "running");
        assertThat(plane.api(HttpMethod.DELETE, DATA, "").status()).isEqualTo(409);

        plane.delete("db");
        plane.until(
                "the volume is free", () -> "free".equals(plane.get(DATA).json().getString("state")));
        var deleted = plane.api(HttpMethod.DELETE, DATA, "");

        assertThat(deleted.status()).isEqualTo(202);
        assertThat(deleted.json().getString("state")).isEqualTo("deleting");
        plane.until("the volume is gone", () -> plane.get(DATA).status() == 404);
        assertThat(plane.pageOfEvents())
                .extracting(event -> event.getString("type"))
                .containsSubsequence(
                        "volume.created", "volume.attached", "volume.detached", "volume.deleting", "volume.deleted");
    }

    @Test
    void aVolumeIsThereAfterARestartAndStillWithItsVm() {
        plane.post(database("db", "red", 64));
        plane.untilState("db", "running");
        var before = plane.get(DATA).text();

        plane.stopControlPlane();
        plane.startControlPlane();

        assertThat(plane.get(DATA).text()).isEqualTo(before);
    }

    @Test
    void aQuestionForAVolumeSaysWhoseItIs() {
        var refused = plane.get("/volumes/data");

        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.json().getString("field")).isEqualTo("tenant");
    }

    private static JsonObject database(String jobId, String colour, int sizeMib) {
        var volume = new JsonObject().put("name", "data").put("mount", "/data").put("size_mb", sizeMib);
        var wish = Plane.web(jobId, colour).put("tenant", "acme");
        wish.getJsonObject("spec")
                .put("volumes", new JsonArray().add(volume))
                .put("warm_pool", new JsonObject().put("min", 0).put("max", 0));
        return wish;
    }
}
