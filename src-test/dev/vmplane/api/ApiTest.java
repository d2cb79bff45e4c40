package dev.vmplane.api;

import static dev.vmplane.Samples.NOW;
import static dev.vmplane.Samples.owner;
import static dev.vmplane.Samples.running;
import static dev.vmplane.Samples.service;
import static dev.vmplane.Samples.vm;
import static dev.vmplane.Samples.warm;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Await;
import dev.vmplane.Samples;
import dev.vmplane.bus.Address;
import dev.vmplane.model.GuestExit;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.Retry;
import dev.vmplane.model.VmState;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(VertxExtension.class)
class ApiTest {
    private static final String WEB = "{\"job_id\": \"web\"}";

    private static final Map<String, String> JSON = Map.of("content-type", "application/json");

    private ApiFixture api;

    @BeforeEach
    void startApi(Vertx vertx) {
        api = new ApiFixture(vertx);
    }

    @Test
    void aWishThatFindsAWarmVmIsLiveWhenItIsAnswered() {
        api.store.keep(vm("vm-a", null, warm()));

        var reply = Await.of(api.post("/vms", WEB));

        assertThat(reply.status()).isEqualTo(201);
        assertThat(reply.header("location")).isEqualTo("/vms/web");
        assertThat(reply.state()).isEqualTo("running");
        var instance = reply.json().getJsonArray("instances").getJsonObject(0);
        assertThat(instance.getString("vm_id")).isEqualTo("vm-a");
        assertThat(instance.getString("phase")).isEqualTo("running");
        assertThat(instance.getBoolean("healthy")).isTrue();
    }

    @Test
    void createdIsNotSaidBeforeTheIngressRoutes() {
        Promise<Long> caughtUp = Promise.promise();
        List<Long> asked = new ArrayList<>();
        api.ingress(seq -> {
            asked.add(seq);
            return caughtUp.future();
        });
        api.store.keep(vm("vm-a", null, warm()));

        var reply = api.post("/vms", WEB);
        Await.until(1, () -> Future.succeededFuture(asked.size()));

        assertThat(reply.isComplete()).isFalse();
        assertThat(asked).containsExactly(api.store.seq());
        caughtUp.complete(asked.get(0));
        assertThat(Await.of(reply).status()).isEqualTo(201);
    }

    @Test
    void anIngressThatDoesNotFollowIsNotHidden() {
        api.ingress(seq -> Future.failedFuture(
                new Refusal(Refusal.Kind.UNAVAILABLE, "ingress_behind", null, "ingress is behind").asException()));
        api.store.keep(vm("vm-a", null, warm()));

        var reply = Await.of(api.post("/vms", WEB));

        assertThat(reply.status()).isEqualTo(503);
        assertThat(reply.json().getString("code")).isEqualTo("ingress_behind");
    }

    @Test
    void aWishThatFindsNoWarmVmIsAccepted() {
        var reply = Await.of(api.post("/vms", WEB));

        assertThat(reply.status()).isEqualTo(202);
        assertThat(reply.header("location")).isEqualTo("/vms/web");
        assertThat(reply.state()).isEqualTo("starting");
    }

    @Test
    void aWishThatFindsTooFewWarmVmsIsAccepted() {
        api.store.keep(vm("vm-a", null, warm()));

        var reply = Await.of(api.post("/vms", "{\"job_id\": \"web\", \"replicas\": 2}"));

        assertThat(reply.status()).isEqualTo(202);
        assertThat(reply.json().getJsonObject("status").getInteger("ready")).isEqualTo(1);
    }

    @Test
    void anAnswerCarriesTheGenerationThatAWriteMayAskFor() {
        var made = Await.of(api.post("/vms", WEB));

        assertThat(made.header("etag")).isEqualTo("\"1\"");
        assertThat(api.get("/vms/web").header("etag")).isEqualTo("\"1\"");
    }

    @Test
    void aWishForAGenerationThatHasPassedIsRefused() {
        Await.of(api.post("/vms", WEB));
        Await.of(api.post("/vms", "{\"job_id\": \"web\", \"replicas\": 2}"));

        var reply = Await.of(api.call(
                HttpMethod.POST,
                "/vms",
                Map.of("content-type", "application/json", "if-match", "\"1\""),
                "{\"job_id\": \"web\", \"replicas\": 3}"));

        assertThat(reply.status()).isEqualTo(412);
        assertThat(reply.json().getString("title")).isEqualTo("Precondition Failed");
        assertThat(reply.json().getString("code")).isEqualTo("generation_differs");
        assertThat(api.get("/vms/web").header("etag")).isEqualTo("\"2\"");
    }

    @Test
    void aConditionThatCannotBeReadIsRefused() {
        var reply = Await.of(
                api.call(HttpMethod.POST, "/vms", Map.of("content-type", "application/json", "if-match", "1"), WEB));

        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.json().getString("field")).isEqualTo("If-Match");
    }

    @Test
    void aWholeWishMayLeaveOutTheIdThatThePathNames() {
        var reply = Await.of(api.call(HttpMethod.PUT, "/vms/web", JSON, "{\"replicas\": 2}"));

        assertThat(reply.status()).isEqualTo(202);
        assertThat(reply.json().getString("job_id")).isEqualTo("web");
    }

    @Test
    void aWishForAnotherJobThanThePathNamesIsRefused() {
        var reply = Await.of(api.call(HttpMethod.PUT, "/vms/db", JSON, WEB));

        assertThat(reply.status()).isEqualTo(422);
        assertThat(reply.json().getString("code")).isEqualTo("other_job");
        assertThat(reply.json().getString("field")).isEqualTo("job_id");
    }

    @Test
    void aPatchOfNoJobIsNotFound() {
        var reply = Await.of(api.call(HttpMethod.PATCH, "/vms/web", JSON, "{}"));

        assertThat(reply.status()).isEqualTo(404);
    }

    @ParameterizedTest
    @CsvSource({"application/yaml", "text/plain", "application/json-patch+json"})
    void aPatchOfAnotherKindIsRefused(String type) {
        var reply = Await.of(api.call(HttpMethod.PATCH, "/vms/web", Map.of("content-type", type), "{}"));

        assertThat(reply.status()).isEqualTo(415);
    }

    @Test
    void aJobIsSteeredByItsPath() {
        Await.of(api.post("/vms", WEB));

        var stopped = Await.of(api.call(HttpMethod.POST, "/vms/web/stop", Map.of(), null));
        var started = Await.of(api.call(HttpMethod.POST, "/vms/web/start", Map.of(), null));

        assertThat(stopped.status()).isEqualTo(200);
        assertThat(stopped.state()).isEqualTo("stopped");
        assertThat(stopped.json().getBoolean("run")).isFalse();
        assertThat(started.status()).isEqualTo(202);
        assertThat(started.header("etag")).isEqualTo("\"3\"");
    }

    @ParameterizedTest
    @CsvSource({"start", "stop", "restart"})
    void aJobThatIsNotThereIsNotSteered(String way) {
        var reply = Await.of(api.call(HttpMethod.POST, "/vms/web/" + way, Map.of(), null));

        assertThat(reply.status()).isEqualTo(404);
        assertThat(reply.json().getString("code")).isEqualTo("job_not_found");
    }

    @Test
    void theSameWishForARunningJobIsOk() {
        api.store.keep(vm("vm-a", null, warm()));
        Await.of(api.post("/vms", WEB));

        var again = Await.of(api.post("/vms", WEB));

        assertThat(again.status()).isEqualTo(200);
        assertThat(again.state()).isEqualTo("running");
    }

    @Test
    void yamlSaysTheSameAsJson() {
        var reply =
                Await.of(api.call(HttpMethod.POST, "/vms", Map.of("content-type", "application/yaml"), "job_id: web"));

        assertThat(reply.status()).isEqualTo(202);
        assertThat(reply.json().getString("job_id")).isEqualTo("web");
    }

    @Test
    void whoeverWaitsHearsWhenTheJobRuns() {
        var reply = api.post("/vms?wait=running", WEB);
        Await.until(200, () -> jobStatusCode());
        api.store.keep(vm("vm-a", owner("web", 0), new VmState.Booting(NOW, NOW, null)));
        assertThat(reply.isComplete()).isFalse();

        api.store.move("vm-a", running());

        assertThat(Await.of(reply).status()).isEqualTo(201);
        assertThat(Await.of(reply).state()).isEqualTo("running");
    }

    @Test
    void whoeverWaitedLongEnoughHearsHowFarItIs() {
        var reply = api.post("/vms?wait=running&timeout_s=7", WEB);
        Await.until(200, () -> jobStatusCode());
        api.store.keep(vm("vm-a", owner("web", 0), new VmState.Pending(NOW)));
        Await.until(1, () -> Future.succeededFuture(api.time.pending()));

        api.time.advance(Duration.ofSeconds(7));

        assertThat(Await.of(reply).status()).isEqualTo(202);
        assertThat(Await.of(reply).state()).isEqualTo("waiting");
        assertThat(reason(Await.of(reply)).getString("code")).isEqualTo("no_boot_slot");
    }

    @Test
    void nobodyWaitsForAJobThatIsGivenUp() {
        var reply = api.post("/vms?wait=running", WEB);
        Await.until(200, () -> jobStatusCode());

        var why = new Reason(ReasonCode.NOT_RESTARTED, "all 3 attempts are used up");
        api.store.keep("web", new Retry(Retry.ofReplica("web", 0), Samples.HASH, 3, null, NOW, why));

        assertThat(Await.of(reply).status()).isEqualTo(202);
        assertThat(Await.of(reply).state()).isEqualTo("failed");
        assertThat(reason(Await.of(reply)).getString("detail")).isEqualTo("all 3 attempts are used up");
    }

    @Test
    void aJobThatIsDeletedWhileSomebodyWaitsIsNotFound() {
        var reply = api.post("/vms?wait=running", WEB);
        Await.until(200, () -> jobStatusCode());

        api.delete("/vms/web");

        assertThat(Await.of(reply).status()).isEqualTo(404);
    }

    @ParameterizedTest
    @CsvSource({"FINISHED, succeeded", "NOT_RESTARTED, failed"})
    void whoeverWaitsForTheEndHearsHowItWas(ReasonCode verdict, String state) {
        var reply = api.post("/vms?wait=finished", WEB);
        Await.until(200, () -> jobStatusCode());
        api.store.keep(vm("vm-a", owner("web", 0), running()));
        api.store.move(
                "vm-a", new VmState.Failed(NOW, new Reason(ReasonCode.GUEST_EXITED, "gone"), new GuestExit(7, null)));
        assertThat(reply.isComplete()).isFalse();

        api.store.keep(
                "web", new Retry(Retry.ofReplica("web", 0), Samples.HASH, 1, null, NOW, new Reason(verdict, "so")));

        assertThat(Await.of(reply).status()).isEqualTo(201);
        assertThat(Await.of(reply).state()).isEqualTo(state);
        var status = Await.of(reply).json().getJsonObject("status");
        assertThat(status.getInteger("attempts")).isEqualTo(1);
        assertThat(status.getJsonObject("exit").getInteger("status")).isEqualTo(7);
    }

    @Test
    void theEndOfAJobThatRunsAlreadyCanBeWaitedFor() {
        api.store.keep(service("web"));
        api.store.keep(vm("vm-a", owner("web", 0), running()));
        var reply = api.call(HttpMethod.GET, "/vms/web?wait=finished&timeout_s=7", Map.of(), null);
        Await.until(1, () -> Future.succeededFuture(api.time.pending()));

        api.time.advance(Duration.ofSeconds(7));

        assertThat(Await.of(reply).status()).isEqualTo(200);
        assertThat(Await.of(reply).state()).isEqualTo("running");
    }

    @Test
    void whatRunsHasNotFinished() {
        api.store.keep(vm("vm-a", null, warm()));
        var reply = api.post("/vms?wait=finished&timeout_s=7", WEB);
        Await.until(200, () -> jobStatusCode());
        Await.until(1, () -> Future.succeededFuture(api.time.pending()));

        api.time.advance(Duration.ofSeconds(7));

        assertThat(Await.of(reply).status()).isEqualTo(202);
        assertThat(Await.of(reply).state()).isEqualTo("running");
    }

    @Test
    void nothingElseCanBeWaitedFor() {
        assertThat(Await.of(api.post("/vms?wait=doomsday", WEB)).json().getString("code"))
                .isEqualTo("bad_query");
    }

    @Test
    void aWishWhoseVmHasOnlyToBeResumedIsAnsweredWhenItServes() {
        api.store.keep(vm("vm-a", null, new VmState.Paused(NOW, Samples.PROCESS)));
        var reply = api.post("/vms", WEB);
        Await.until(true, () -> Future.succeededFuture(api.store.vm("vm-a").attaching()));
        Await.until(1, () -> Future.succeededFuture(api.time.pending()));
        assertThat(reply.isComplete()).isFalse();

        api.store.move("vm-a", running());

        assertThat(Await.of(reply).status()).isEqualTo(201);
        assertThat(Await.of(reply).state()).isEqualTo("running");
    }

    @Test
    void aVmThatTakesTooLongToHearOfItsOwnerIsNotWaitedFor() {
        api.store.keep(vm("vm-a", null, new VmState.Paused(NOW, Samples.PROCESS)));
        var reply = api.post("/vms", WEB);
        Await.until(200, () -> jobStatusCode());
        Await.until(1, () -> Future.succeededFuture(api.time.pending()));

        api.time.advance(Duration.ofSeconds(10));

        assertThat(Await.of(reply).status()).isEqualTo(202);
        assertThat(Await.of(reply).state()).isEqualTo("starting");
    }

    @Test
    void aVmThatFailsToHearOfItsOwnerIsNotWaitedFor() {
        api.store.keep(vm("vm-a", null, new VmState.Paused(NOW, Samples.PROCESS)));
        var reply = api.post("/vms", WEB);
        Await.until(200, () -> jobStatusCode());
        Await.until(1, () -> Future.succeededFuture(api.time.pending()));

        var reason = new Reason(ReasonCode.HOOK_FAILED, "hook attach answered 500");
        api.store.move("vm-a", new VmState.Failed(NOW, reason, GuestExit.UNKNOWN));

        assertThat(Await.of(reply).status()).isEqualTo(202);
    }

    @Test
    void aJobIsShownWithItsWholeSpec() {
        api.store.keep(service("web"));

        var json = api.get("/vms/web").json();

        assertThat(json.getJsonObject("spec").getString("kernel")).isEqualTo("vmlinux");
        assertThat(json.getJsonObject("spec").getJsonObject("resources").getInteger("mem_mb"))
                .isEqualTo(128);
        assertThat(json.getString("source")).isEqualTo("api");
        assertThat(json.getLong("generation")).isEqualTo(1);
        assertThat(json.getString("tenant")).isEqualTo("web");
    }

    @Test
    void jobsComeInPages() {
        List.of("a", "b", "c").forEach(id -> api.store.keep(service(id)));

        var first = api.get("/vms?limit=2").json();
        var second = api.get("/vms?limit=2&after=" + first.getString("next")).json();

        assertThat(ids(first)).containsExactly("a", "b");
        assertThat(ids(second)).containsExactly("c");
        assertThat(second.getString("next")).isNull();
    }

    @Test
    void aDeletedJobWhoseVmsMustStopIsAccepted() {
        api.store.keep(service("web"));
        api.store.keep(vm("vm-a", owner("web", 0), running()));

        var reply = api.delete("/vms/web");

        assertThat(reply.status()).isEqualTo(202);
        assertThat(reply.state()).isEqualTo("draining");
        assertThat(api.get("/vms/web").status()).isEqualTo(404);
    }

    @Test
    void aDeletedJobWithoutVmsLeavesNothing() {
        api.store.keep(service("web"));

        assertThat(api.delete("/vms/web").status()).isEqualTo(204);
    }

    @Test
    void anInstanceIsShownAndListed() {
        api.store.keep(vm("vm-a", null, warm()));

        var shown = api.get("/instances/vm-a").json();

        assertThat(shown.getString("phase")).isEqualTo("warm");
        assertThat(shown.getString("job_id")).isNull();
        assertThat(shown.getString("address")).isEqualTo("127.64.0.1");
        assertThat(api.get("/instances").json().getJsonArray("items")).containsExactly(shown);
    }

    @Test
    void memoryOfAGuestThatIsUpCanBeReclaimed() {
        api.store.keep(vm("vm-a", null, warm()));
        Await.of(api.bus.answer(Address.vmReclaim("vm-a"), Future::succeededFuture));

        var reply = Await.of(api.post("/instances/vm-a/reclaim?mb=32", "{}"));

        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.json().getInteger("reclaim_mb")).isEqualTo(32);
    }

    @ParameterizedTest
    @CsvSource({"100, 409, not_reclaimable", "-1, 400, bad_query", "'', 400, bad_query"})
    void aGuestIsLeftTheMemoryItNeeds(String mebibytes, int status, String code) {
        api.store.keep(vm("vm-a", null, warm()));

        var reply = Await.of(api.post("/instances/vm-a/reclaim?mb=" + mebibytes, "{}"));

        assertThat(reply.status()).isEqualTo(status);
        assertThat(reply.json().getString("code")).isEqualTo(code);
    }

    @Test
    void theFleetIsSummedUp() {
        api.store.keep(service("web"));
        api.store.keep(vm("vm-a", owner("web", 0), running()));
        api.store.keep(vm("vm-b", null, warm()));

        var stats = api.get("/stats").json();

        var summary = stats.getJsonObject("summary");
        assertThat(summary.getInteger("total_jobs")).isEqualTo(1);
        assertThat(summary.getInteger("total_warm")).isEqualTo(1);
        assertThat(summary.getInteger("total_running")).isEqualTo(1);
        assertThat(summary.getJsonObject("phases").getInteger("pending")).isZero();
        assertThat(stats.getJsonObject("jobs")
                        .getJsonObject("web")
                        .getJsonObject("status")
                        .getString("state"))
                .isEqualTo("running");
        assertThat(stats.getJsonObject("warm_pool").getJsonObject(Samples.HASH).getInteger("warm"))
                .isEqualTo(1);
    }

    @Test
    void theLogIsReadThroughTheApi() {
        api.store.keep(service("web"));

        var page = Await.of(api.call(HttpMethod.GET, "/events", Map.of("accept", "application/json"), null));

        assertThat(page.json().getJsonArray("items").getJsonObject(0).getString("type"))
                .isEqualTo("job.created");
    }

    @Test
    void itIsReadyWhenStoreAndIngressAnswer() {
        assertThat(api.get("/health/live").status()).isEqualTo(200);
        assertThat(api.get("/health/ready").status()).isEqualTo(200);
    }

    @Test
    void metricsAreTextForPrometheus() {
        api.metrics.counter("vmplane.pool.hits").increment();

        var reply = api.get("/metrics");

        assertThat(reply.header("content-type")).startsWith("text/plain; version=0.0.4");
        assertThat(reply.body().toString()).contains("vmplane_pool_hits_total 1.0");
    }

    @Test
    void onlyAWishThatIsLiveAtOnceCountsAsAnAttach() {
        api.store.keep(vm("vm-warm", null, warm()));

        Await.of(api.post("/vms", "{\"job_id\": \"warm\"}"));
        Await.of(api.post("/vms", "{\"job_id\": \"cold\"}"));

        assertThat(api.metrics.scrape()).contains("vmplane_attach_seconds_count 1\n");
    }

    private Future<Integer> jobStatusCode() {
        return api.call(HttpMethod.GET, "/vms/web", Map.of(), null).map(ApiFixture.Reply::status);
    }

    private static JsonObject reason(ApiFixture.Reply reply) {
        return reply.json().getJsonObject("status").getJsonObject("reason");
    }

    private static List<String> ids(JsonObject page) {
        return page.getJsonArray("items").stream()
                .map(item -> ((JsonObject) item).getString("job_id"))
                .toList();
    }
}
