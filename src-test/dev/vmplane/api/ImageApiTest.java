package dev.vmplane.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Await;
import dev.vmplane.ManualTime;
import dev.vmplane.Pictures;
import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.Kernels;
import dev.vmplane.bus.Address.LoadImage;
import dev.vmplane.bus.Address.LookUp;
import dev.vmplane.bus.Address.Pruned;
import dev.vmplane.bus.Address.PutImage;
import dev.vmplane.bus.Address.PutJob;
import dev.vmplane.bus.Bus;
import dev.vmplane.feed.EventFeed;
import dev.vmplane.model.Backoff;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.Image;
import dev.vmplane.model.ImageReference;
import dev.vmplane.model.Kernel;
import dev.vmplane.model.PinnedImage;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.SpecReader;
import dev.vmplane.store.Addresses;
import dev.vmplane.store.DatabaseFile;
import dev.vmplane.store.Rules;
import dev.vmplane.store.StoreVerticle;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Images through the API, over the real store; what references mean is up to the test. */
class ImageApiTest {
    private static final String A = Pictures.digest('a');
    private static final String B = Pictures.digest('b');
    private static final String WEB = "docker.io/library/web:1";

    @TempDir
    private Path home;

    private final Vertx vertx = Vertx.vertx();
    private final Bus bus = new Bus(vertx);
    private final ManualTime time = new ManualTime();
    private final Map<String, String> registry = new HashMap<>();
    private final List<LookUp> asked = new CopyOnWriteArrayList<>();
    private final List<LoadImage> loaded = new CopyOnWriteArrayList<>();
    private DatabaseFile database;
    private HttpClient client;
    private int port;

    @BeforeEach
    void start() {
        database = DatabaseFile.open(home.resolve("state"), "simulator");
        var rules = new Rules(
                "here",
                new Backoff(Duration.ofSeconds(10), Duration.ofSeconds(300), Duration.ofSeconds(600)),
                Duration.ofSeconds(30),
                Duration.ofSeconds(10),
                Duration.ofMinutes(10),
                1000);
        Await.of(vertx.deployVerticle(
                new StoreVerticle(database.path(), new Addresses("127.64.0.0/24"), rules, time, () -> "vm-1")));
        Await.of(bus.answer(Address.INGRESS_CAUGHT_UP, Future::succeededFuture));
        Await.of(bus.answer(Address.IMAGE_LOOK_UP, this::lookUp));
        Await.of(bus.answer(Address.IMAGE_LOAD, this::load));
        var api = new ApiVerticle(
                new ApiSettings("127.0.0.1", 0),
                new ApiParts(
                        text -> Map.of(),
                        new Reading(new SpecReader(new SpecReader.Defaults("vmlinux", "rootfs.ext4"), Map.of())),
                        boot -> Future.succeededFuture(),
                        new Uploads(home.resolve("incoming"), 1000),
                        new EventFeed(vertx, time),
                        new PrometheusMeterRegistry(PrometheusConfig.DEFAULT),
                        time));
        Await.of(vertx.deployVerticle(api));
        port = api.port();
        client = vertx.createHttpClient();
    }

    @AfterEach
    void stop() throws IOException {
        Await.of(vertx.close());
        database.close();
    }

    private record Reading(SpecReader reader) implements Wishes {
        @Override
        public Optional<String> image(Map<String, Object> request) {
            return reader.trial(request).image();
        }

        @Override
        public PutJob read(Map<String, Object> request, PinnedImage image) {
            var wish = reader.read(request, image);
            return new PutJob(wish.jobId(), wish.tenant(), wish.spec(), DesiredVm.Source.API);
        }

        @Override
        public Wishes asWritten(String role) {
            return new Reading(reader.asWritten(role));
        }
    }

    /** Knows rows by digest and by name, and else what the test's registry says. */
    private Future<PinnedImage> lookUp(LookUp question) {
        asked.add(question);
        var reference = ImageReference.parse(question.reference());
        if (reference.digest() != null) {
            return Future.succeededFuture(new PinnedImage(reference.text(), Pictures.CONFIG));
        }
        var digest = registry.get(reference.text());
        return digest == null
                ? Future.failedFuture(Refusal.invalid("image_unknown", null, "image cannot be had: there is none")
                        .asException())
                : bus.ask(Address.STORE_IMAGE_PUT, put(digest, reference.text()))
                        .map(image -> new PinnedImage(reference.pinnedTo(digest), Pictures.CONFIG));
    }

    private Future<Image> load(LoadImage question) {
        loaded.add(question);
        return bus.ask(Address.STORE_IMAGE_PUT, put(A, question.reference()));
    }

    private static PutImage put(String digest, String reference) {
        return Pictures.put(digest, reference);
    }

    @Test
    void anImageThatIsAskedForIsOnItsWay() {
        registry.put(WEB, A);

        var reply = post("/images", new JsonObject().put("image", "web:1"));

        assertThat(reply.status()).isEqualTo(202);
        assertThat(reply.location()).isEqualTo("/images/" + A);
        assertThat(reply.json().getString("state")).isEqualTo("pulling");
        assertThat(reply.json().getJsonArray("references")).containsExactly(WEB);
        assertThat(reply.json().getJsonObject("progress").getLong("all_bytes")).isEqualTo(4096);
    }

    @Test
    void whoeverWaitsHearsWhenItIsReady() {
        registry.put(WEB, A);

        var reply = call(
                HttpMethod.POST,
                "/images?wait=ready",
                new JsonObject().put("image", "web:1").encode());
        untilKnown();
        assertThat(reply.isComplete()).isFalse();
        Await.of(bus.ask(Address.STORE_IMAGE_MOVED, Pictures.ready(A)));

        assertThat(Await.of(reply).status()).isEqualTo(200);
        assertThat(Await.of(reply).json().getString("state")).isEqualTo("ready");
    }

    @Test
    void whoeverWaitsHearsWhyItFailed() {
        registry.put(WEB, A);

        var reply = call(
                HttpMethod.POST,
                "/images?wait=ready",
                new JsonObject().put("image", "web:1").encode());
        untilKnown();
        Await.of(bus.ask(Address.STORE_IMAGE_MOVED, Pictures.failed(A, "the registry is closed")));

        assertThat(Await.of(reply).status()).isEqualTo(202);
        assertThat(Await.of(reply).json().getString("detail")).isEqualTo("the registry is closed");
    }

    @Test
    void whatIsWrongWithAnImageIsAnsweredWithItsField() {
        var unknown = post("/images", new JsonObject().put("image", "nowhere"));
        var odd = post("/images", new JsonObject().put("imago", "web:1"));
        var job = post("/vms", job("a", "nowhere"));
        var malformed = post("/vms", job("a", "No Where"));

        assertThat(unknown.status()).isEqualTo(422);
        assertThat(unknown.json().getString("field")).isEqualTo("image");
        assertThat(odd.json().getString("code")).isEqualTo("unknown_field");
        assertThat(job.json().getString("field")).isEqualTo("spec.image");
        assertThat(malformed.json().getString("code")).isEqualTo("bad_image_reference");
        assertThat(malformed.json().getString("field")).isEqualTo("spec.image");
    }

    @Test
    void nobodyIsAskedForTheImageOfARequestThatIsWrongAnyway() {
        var wrong = job("a", "web:1");
        wrong.getJsonObject("spec").put("replicas", "many");

        assertThat(post("/vms", wrong).status()).isEqualTo(422);
        assertThat(asked).isEmpty();
    }

    @Test
    void aJobIsPinnedToWhatItsImageMeans() {
        registry.put(WEB, A);

        var reply = post("/vms", job("a", "web:1"));

        assertThat(reply.status()).isEqualTo(202);
        assertThat(reply.json().getJsonObject("spec").getString("image")).isEqualTo(WEB + "@" + A);
        assertThat(reply.json().getJsonObject("spec").getJsonArray("cmd")).containsExactly("/entry", "serve");
    }

    @Test
    void aJobKeepsItsImageUntilSomebodySaysOtherwise() {
        registry.put(WEB, A);
        post("/vms", job("a", "web:1"));
        registry.put(WEB, B);

        var same = post("/vms", job("a", "web:1"));
        var pulled = post("/vms?pull=true", job("a", "web:1"));

        assertThat(same.json().getJsonObject("spec").getString("image")).endsWith(A);
        assertThat(same.json().getLong("generation")).isEqualTo(1);
        assertThat(pulled.json().getJsonObject("spec").getString("image")).endsWith(B);
        assertThat(asked.get(asked.size() - 1)).isEqualTo(new LookUp("web:1", true));
    }

    @Test
    void aJobThatIsShownCanBeAskedForAsItIsShown() {
        registry.put(WEB, A);
        var shown = post("/vms", job("a", "web:1")).json();

        var again = post("/vms", new JsonObject().put("job_id", "a").put("spec", shown.getJsonObject("spec")));

        assertThat(again.json().getLong("generation")).isEqualTo(1);
        assertThat(again.json().getJsonObject("spec")).isEqualTo(shown.getJsonObject("spec"));
    }

    @Test
    void anImageIsFoundByEveryNameItHas() {
        Await.of(bus.ask(Address.STORE_IMAGE_PUT, put(A, WEB)));

        for (var name : List.of(A, WEB, "web:1", "docker.io%2Flibrary%2Fweb:1", "library/web:1", WEB + "@" + A)) {
            assertThat(get("/images/" + name).json().getString("digest"))
                    .as(name)
                    .isEqualTo(A);
        }
        assertThat(get("/images/nowhere").status()).isEqualTo(404);
        assertThat(get("/images/No").status()).isEqualTo(422);
        assertThat(get("/images").json().getJsonArray("items")).hasSize(1);
    }

    @Test
    void aNameIsTakenAndTheLastOneTakesTheImage() {
        Await.of(bus.ask(Address.STORE_IMAGE_PUT, put(A, WEB)));
        Await.of(bus.ask(Address.STORE_IMAGE_PUT, put(A, "localhost/web:2")));

        var untagged = delete("/images/localhost/web:2");
        var deleted = delete("/images/web:1");

        assertThat(untagged.status()).isEqualTo(200);
        assertThat(untagged.json().getJsonArray("references")).containsExactly(WEB);
        assertThat(deleted.status()).isEqualTo(202);
        assertThat(deleted.json().getString("state")).isEqualTo("deleting");
    }

    @Test
    void anImageInUseStaysAndTheJobIsNamed() {
        registry.put(WEB, A);
        post("/vms", job("my-job", "web:1"));

        var reply = delete("/images/" + A);

        assertThat(reply.status()).isEqualTo(409);
        assertThat(reply.json().getString("code")).isEqualTo("image_in_use");
        assertThat(reply.json().getString("detail")).contains("my-job");
    }

    @Test
    void aCleanUpSaysWhatIsGone() {
        Await.of(bus.answer(Address.IMAGE_PRUNE, nothing -> Future.succeededFuture(new Pruned(List.of(A), 42))));

        var reply = Await.of(call(HttpMethod.POST, "/images/prune", null));

        assertThat(reply.json())
                .isEqualTo(
                        new JsonObject().put("digests", new JsonArray().add(A)).put("bytes", 42));
    }

    @Test
    void whatIsSentIsLoadedUnderItsName() throws IOException {
        var reply = Await.of(call(HttpMethod.POST, "/images/load?name=localhost/app:1&tag=x", "an archive"));

        assertThat(reply.status()).isEqualTo(202);
        assertThat(loaded).hasSize(1);
        assertThat(loaded.get(0).reference()).isEqualTo("localhost/app:1");
        assertThat(loaded.get(0).tag()).isEqualTo("x");
        assertThat(home.resolve("incoming").resolve(loaded.get(0).file())).hasContent("an archive");
    }

    @Test
    void whatIsTooLargeIsNotKept() throws IOException {
        var announced = Await.of(call(HttpMethod.POST, "/images/load?name=localhost/app:1", "x".repeat(1001)));
        var chunked = Await.of(client.request(options(HttpMethod.POST, "/images/load?name=localhost/app:1"))
                .compose(request -> {
                    request.setChunked(true);
                    request.write("x".repeat(600));
                    request.write("x".repeat(600));
                    return request.send();
                })
                .map(response -> response.statusCode()));

        assertThat(announced.status()).isEqualTo(422);
        assertThat(announced.json().getString("code")).isEqualTo("image_too_large");
        assertThat(chunked).isEqualTo(422);
        Await.until(0L, () -> Future.succeededFuture(incoming()));
        assertThat(loaded).isEmpty();
    }

    @Test
    void kernelsAreListed() {
        var kernel = new Kernel("vmlinux", Kernel.Format.ELF, "6.1.0", 7, true, Instant.parse("2026-01-01T00:00:00Z"));
        Await.of(bus.answer(Address.IMAGE_KERNELS, nothing -> Future.succeededFuture(new Kernels(List.of(kernel)))));

        assertThat(get("/kernels").json().getJsonArray("items"))
                .containsExactly(new JsonObject()
                        .put("name", "vmlinux")
                        .put("format", "elf")
                        .put("version", "6.1.0")
                        .put("bytes", 7)
                        .put("initramfs", true)
                        .put("modified_at", "2026-01-01T00:00:00Z"));
    }

    private long incoming() {
        try (var files = Files.list(home.resolve("incoming"))) {
            return files.count();
        } catch (IOException none) {
            return 0;
        }
    }

    private void untilKnown() {
        Await.until(200, () -> call(HttpMethod.GET, "/images/" + A, null).map(Reply::status));
    }

    private static JsonObject job(String jobId, String image) {
        return new JsonObject().put("job_id", jobId).put("spec", new JsonObject().put("image", image));
    }

    private Reply get(String uri) {
        return Await.of(call(HttpMethod.GET, uri, null));
    }

    private Reply delete(String uri) {
        return Await.of(call(HttpMethod.DELETE, uri, null));
    }

    private Reply post(String uri, JsonObject body) {
        return Await.of(call(HttpMethod.POST, uri, body.encode()));
    }

    private RequestOptions options(HttpMethod method, String uri) {
        return new RequestOptions()
                .setHost("127.0.0.1")
                .setPort(port)
                .setMethod(method)
                .setURI(uri)
                .putHeader("content-type", "application/json");
    }

    private Future<Reply> call(HttpMethod method, String uri, String body) {
        return client.request(options(method, uri))
                .compose(request -> body == null ? request.send() : request.send(body))
                .compose(response -> response.body()
                        .map(bytes -> new Reply(
                                response.statusCode(),
                                response.getHeader("location"),
                                bytes.length() == 0 ? null : bytes.toJsonObject())));
    }

    private record Reply(int status, String location, JsonObject json) {}
}
