package dev.vmplane.walk;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The whole path: HTTP in, a simulated hypervisor out, and time turned by hand. */
class WalkTest {
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
    void theFirstOfASpecBootsColdAndTheSecondIsLiveWhenTheAnswerLeaves() {
        var first = plane.post(Plane.web("first", "red"));
        plane.untilState("first", "running");
        plane.until("a VM is warm", () -> plane.warm() == 1);

        var second = plane.post(Plane.web("second", "red"));
        var answered = plane.visit("second.localhost", "/env");

        assertThat(first.status()).isEqualTo(202);
        assertThat(second.status()).isEqualTo(201);
        assertThat(answered.status()).isEqualTo(200);
        assertThat(answered.body().getString("COLOUR")).isEqualTo("red");
        assertThat(plane.visit("first.localhost", "/env").body().getString("COLOUR"))
                .isEqualTo("red");
    }

    @Test
    void aWarmVmIsUsedOnceAndReplaced() {
        plane.post(Plane.web("first", "red"));
        plane.until("a VM is warm", () -> plane.warm() == 1);
        var warm = plane.instances(null).get(0).getString("vm_id");

        plane.post(Plane.web("second", "red"));
        plane.until("another VM is warm", () -> plane.warm() == 1);

        assertThat(plane.instances("second"))
                .extracting(vm -> vm.getString("vm_id"))
                .containsExactly(warm);
        assertThat(plane.instances(null))
                .extracting(vm -> vm.getString("vm_id"))
                .doesNotContain(warm);
    }

    @Test
    void nobodyIsRoutedToAWarmVm() {
        plane.post(Plane.web("first", "red"));
        plane.until("a VM is warm", () -> plane.warm() == 1);
        var warm = plane.instances(null).get(0).getString("vm_id");

        assertThat(plane.visit(warm + ".localhost", "/").status()).isEqualTo(404);
    }

    @Test
    void aDeletedJobLeavesNothing() {
        plane.post(Plane.web("first", "red"));
        plane.untilState("first", "running");

        plane.delete("first");
        plane.until("everything is gone", () -> plane.held().values().stream().allMatch(List::isEmpty));

        assertThat(plane.get("/vms/first").status()).isEqualTo(404);
        assertThat(plane.visit("first.localhost", "/").status()).isEqualTo(404);
        plane.until("no row is left", () -> plane.items("/instances").findAny().isEmpty());
    }

    @Test
    void aGuestThatEndsIsReplacedFromTheWarmPool() {
        plane.post(Plane.web("first", "red"));
        plane.untilState("first", "running");
        plane.until("a VM is warm", () -> plane.warm() == 1);
        var before = plane.instances("first").get(0).getString("vm_id");
        var warm = plane.instances(null).get(0).getString("vm_id");

        plane.visit("first.localhost", "/exit/3");
        plane.until(
                "the warm VM serves",
                () -> plane.instances("first").stream()
                        .anyMatch(vm -> vm.getString("vm_id").equals(warm) && vm.getBoolean("healthy")));

        var ended = plane.get("/instances/" + before).body();
        assertThat(ended.getString("phase")).isEqualTo("failed");
        assertThat(ended.getJsonObject("reason").getString("code")).isEqualTo("guest_exited");
        assertThat(ended.getJsonObject("exit").getInteger("status")).isEqualTo(3);
        assertThat(plane.visit("first.localhost", "/").status()).isEqualTo(200);
    }

    @Test
    void aGuestThatAlwaysEndsWaitsLongerAndLongerAndSaysWhy() {
        var wish = Plane.web("crasher", "red");
        wish.getJsonObject("spec")
                .getJsonObject("env")
                .put("SIM_EXIT_AFTER_MS", 1)
                .put("SIM_EXIT_STATUS", 9);
        wish.getJsonObject("spec")
                .put("warm_pool", new JsonObject().put("min", 0).put("max", 0));

        plane.post(wish);
        plane.until("there is a next try", () -> statusOf("crasher").getString("next_try") != null);

        var status = statusOf("crasher");
        assertThat(status.getString("state")).isEqualTo("waiting");
        assertThat(status.getJsonObject("reason").getString("detail")).contains("status 9");
    }

    private JsonObject statusOf(String jobId) {
        return plane.get("/vms/" + jobId).body().getJsonObject("status");
    }

    @Test
    void aJobThatEndsWellHasSucceededAndIsNotStartedAgain() {
        plane.post(job("batch", 0));

        plane.untilState("batch", "succeeded");

        plane.pass(Duration.ofMinutes(10));
        assertThat(plane.instances("batch")).isEmpty();
        assertThat(plane.stateOf("batch")).isEqualTo("succeeded");
    }

    @Test
    void aJobThatEndsBadlyIsTriedAsOftenAsItMayAndHasFailed() {
        var wish = job("batch", 7);
        wish.getJsonObject("spec")
                .put("restart", new JsonObject().put("policy", "on_failure").put("max_attempts", 2));
        plane.post(wish);

        plane.untilState("batch", "failed");

        var detail = plane.get("/vms/batch")
                .body()
                .getJsonObject("status")
                .getJsonObject("reason")
                .getString("detail");
        assertThat(detail).contains("attempts are used up").contains("status 7");
    }

    private static JsonObject job(String jobId, int exitStatus) {
        var wish = Plane.web(jobId, "red");
        wish.getJsonObject("spec")
                .put("lifecycle", "job")
                .put("warm_pool", new JsonObject().put("min", 0).put("max", 0))
                .getJsonObject("env")
                .put("SIM_EXIT_AFTER_MS", 1)
                .put("SIM_EXIT_STATUS", exitStatus);
        return wish;
    }

    @Test
    void aChangedSpecIsServedWithoutAGap() {
        plane.post(Plane.web("first", "red"));
        plane.untilState("first", "running");
        var before = plane.instances("first").get(0).getString("vm_id");

        assertThat(plane.post(Plane.web("first", "green")).status()).isEqualTo(202);
        plane.until("the new one serves", () -> {
            var answer = plane.visit("first.localhost", "/env");
            assertThat(answer.status())
                    .as("every request on the way is answered")
                    .isEqualTo(200);
            return answer.body().getString("COLOUR").equals("green");
        });

        plane.until("the old one is gone", () -> plane.instances("first").size() == 1);
        assertThat(plane.held().get("processes")).doesNotContain(before);
    }

    @Test
    void replicasShareTheRequestsAndShrinkWhenTold() {
        var wish = Plane.web("first", "red");
        wish.getJsonObject("spec").put("replicas", 3);
        plane.post(wish);
        plane.untilState("first", "running");

        var answered = new HashSet<String>();
        for (var n = 0; n < 12; n++) {
            answered.add(plane.visit("first.localhost", "/").body().getString("text"));
        }
        wish.getJsonObject("spec").put("replicas", 1);
        plane.post(wish);

        assertThat(answered).hasSize(3);
        plane.until("one is left", () -> plane.instances("first").size() == 1);
    }

    @Test
    void aRestartedControlPlaneAdoptsWhatRunsAndServesItAtOnce() {
        plane.post(Plane.web("first", "red"));
        plane.untilState("first", "running");
        plane.until("a VM is warm", () -> plane.warm() == 1);
        var processes = plane.held().get("processes");

        plane.stopControlPlane();
        plane.startControlPlane();

        assertThat(plane.visit("first.localhost", "/").status()).isEqualTo(200);
        plane.pass(Duration.ofMinutes(2));
        plane.untilState("first", "running");
        assertThat(plane.held().get("processes")).containsExactlyInAnyOrderElementsOf(processes);
    }

    @Test
    void aVmThatDiedWhileNobodyLookedIsReplacedAtTheNextStart() {
        plane.post(Plane.web("first", "red"));
        plane.untilState("first", "running");
        plane.until("a VM is warm", () -> plane.warm() == 1);
        var before = plane.instances("first").get(0).getString("vm_id");

        plane.stopControlPlane();
        plane.kill(before);
        plane.startControlPlane();
        plane.until(
                "another VM serves",
                () -> plane.instances("first").stream()
                        .anyMatch(vm -> !vm.getString("vm_id").equals(before) && vm.getBoolean("healthy")));

        assertThat(plane.get("/instances/" + before)
                        .body()
                        .getJsonObject("reason")
                        .getString("code"))
                .isEqualTo("vmm_died");
    }

    @Test
    void whatHasNoRowIsRemovedAtTheNextStart() throws Exception {
        plane.post(Plane.web("first", "red"));
        plane.untilState("first", "running");
        plane.stopControlPlane();
        var left = Files.createDirectories(plane.runDir().resolve("vm-leftover"));
        Files.writeString(left.resolve("console.log"), "nobody knows me");

        plane.startControlPlane();

        assertThat(left).doesNotExist();
    }

    @Test
    void aGuestThatNeverGetsHealthySaysSoAndOthersGoOn() {
        var sick = Plane.web("sick", "red");
        sick.getJsonObject("spec").getJsonObject("env").put("SIM_UNHEALTHY", true);
        plane.post(sick);
        plane.post(Plane.web("well", "green"));

        plane.untilState("well", "running");
        plane.until("there is a next try", () -> statusOf("sick").getString("next_try") != null);

        assertThat(statusOf("sick").getJsonObject("reason").getString("code")).isEqualTo("never_healthy");
    }

    @Test
    void anImageThatIsNotThereIsRefusedAndLeavesNoRow() {
        var wish = Plane.web("first", "red");
        wish.getJsonObject("spec").put("rootfs", "missing.ext4");

        var refused = plane.post(wish);

        assertThat(refused.status()).isEqualTo(422);
        assertThat(refused.body().getString("code")).isEqualTo("image_missing");
        assertThat(refused.body().getString("field")).isEqualTo("spec.rootfs");
        assertThat(plane.get("/vms/first").status()).isEqualTo(404);
    }

    @Test
    void anImageThatIsALinkIsRefused() throws Exception {
        Files.createSymbolicLink(plane.imageDir().resolve("link.ext4"), Path.of("/etc/passwd"));
        var wish = Plane.web("first", "red");
        wish.getJsonObject("spec").put("rootfs", "link.ext4");

        var refused = plane.post(wish);

        assertThat(refused.status()).isEqualTo(422);
        assertThat(refused.body().getString("code")).isEqualTo("image_unusable");
    }

    @Test
    void theEventsTellTheWholeStoryWithoutAGap() {
        plane.post(Plane.web("first", "red"));
        plane.untilState("first", "running");
        plane.until("a VM is warm", () -> plane.warm() == 1);
        plane.post(Plane.web("second", "red"));

        var events = plane.pageOfEvents();

        assertThat(events)
                .extracting(event -> event.getLong("seq"))
                .isEqualTo(LongStream.rangeClosed(1, events.size()).boxed().toList());
        assertThat(events)
                .extracting(event -> event.getString("type"))
                .contains("job.created", "pool.miss", "vm.created", "vm.phase", "vm.attached");
    }

    @Test
    void aJobOfTheFileIsLeftToTheFile() throws Exception {
        plane.desire("vms: [{job_id: filed, spec: {role: web}}]");
        plane.until("the file is followed", () -> plane.get("/vms/filed").status() == 200);

        var refused = plane.post(Plane.web("filed", "red"));

        assertThat(refused.status()).isEqualTo(409);
        assertThat(refused.body().getString("code")).isEqualTo("other_source");
    }

    @Test
    void deletingTwiceIsMissingTheSecondTime() {
        plane.post(Plane.web("first", "red"));

        assertThat(plane.delete("first").status()).isBetween(200, 204);
        assertThat(plane.delete("first").status()).isEqualTo(404);
    }
}
