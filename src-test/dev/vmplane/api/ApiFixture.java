package dev.vmplane.api;

import dev.vmplane.Await;
import dev.vmplane.FakeStore;
import dev.vmplane.ManualTime;
import dev.vmplane.Samples;
import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.PutJob;
import dev.vmplane.bus.Bus;
import dev.vmplane.feed.EventFeed;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.Lifecycle;
import dev.vmplane.model.PinnedImage;
import dev.vmplane.model.Refusal;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** The API over a fake store and an ingress that follows as far as a test lets it. */
final class ApiFixture {
    private static final Wishes WISHES = new Wishes() {
        @Override
        public Optional<String> image(Map<String, Object> request) {
            return Optional.empty();
        }

        @Override
        public PutJob read(Map<String, Object> request, PinnedImage image) {
            return wish(request);
        }

        @Override
        public Wishes asWritten(String role) {
            return this;
        }
    };

    final FakeStore store = new FakeStore();
    final ManualTime time = new ManualTime(Samples.NOW);
    final PrometheusMeterRegistry metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    final Bus bus;
    private final Vertx vertx;
    private final HttpClient client;
    private final int port;
    private Function<Long, Future<Long>> ingress = Future::succeededFuture;

    ApiFixture(Vertx vertx) {
        this.vertx = vertx;
        bus = new Bus(vertx);
        client = vertx.createHttpClient();
        Await.of(vertx.deployVerticle(store));
        Await.of(bus.answer(Address.INGRESS_CAUGHT_UP, seq -> ingress.apply(seq)));
        var api = new ApiVerticle(
                new ApiSettings("127.0.0.1", 0),
                new ApiParts(
                        ApiFixture::yaml,
                        WISHES,
                        boot -> Future.succeededFuture(),
                        new Uploads(Path.of("nowhere"), 0),
                        new EventFeed(vertx, time),
                        metrics,
                        time));
        Await.of(vertx.deployVerticle(api));
        port = api.port();
    }

    /** What the ingress answers to being asked how far it is. */
    void ingress(Function<Long, Future<Long>> answer) {
        ingress = answer;
    }

    int port() {
        return port;
    }

    Reply get(String uri) {
        return Await.of(call(HttpMethod.GET, uri, Map.of(), null));
    }

    Reply delete(String uri) {
        return Await.of(call(HttpMethod.DELETE, uri, Map.of(), null));
    }

    Future<Reply> post(String uri, String body) {
        return call(HttpMethod.POST, uri, Map.of("content-type", "application/json"), body);
    }

    Future<Reply> call(HttpMethod method, String uri, Map<String, String> headers, String body) {
        var options = new RequestOptions()
                .setHost("127.0.0.1")
                .setPort(port)
                .setMethod(method)
                .setURI(uri);
        headers.forEach(options::putHeader);
        return Await.onLoop(
                vertx,
                () -> client.request(options)
                        .compose(request -> body == null ? request.send() : request.send(body))
                        .compose(response -> response.body().map(bytes -> new Reply(response, bytes))));
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> yaml(String text) {
        return (Map<String, Object>) new Yaml(new SafeConstructor(new LoaderOptions())).load(text);
    }

    private static PutJob wish(Map<String, Object> body) {
        var known = Set.of("job_id", "replicas");
        for (var name : body.keySet()) {
            if (!known.contains(name)) {
                throw Refusal.invalid("unknown_field", name, name + " is not a field")
                        .asException();
            }
        }
        var jobId = (String) body.get("job_id");
        var replicas = (int) Optional.ofNullable(body.get("replicas")).orElse(1);
        return new PutJob(jobId, jobId, Samples.spec(Lifecycle.SERVICE, replicas, null), DesiredVm.Source.API);
    }

    /** One answer, read to its end. */
    record Reply(HttpClientResponse response, Buffer body) {
        int status() {
            return response.statusCode();
        }

        String header(String name) {
            return response.getHeader(name);
        }

        JsonObject json() {
            return body.toJsonObject();
        }

        String state() {
            return json().getJsonObject("status").getString("state");
        }
    }
}
