package dev.vmplane.api;

import dev.vmplane.Await;
import dev.vmplane.ManualTime;
import dev.vmplane.api.ApiFixture.Reply;
import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.PutJob;
import dev.vmplane.bus.Bus;
import dev.vmplane.feed.EventFeed;
import dev.vmplane.model.Backoff;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.PinnedImage;
import dev.vmplane.model.SpecReader;
import dev.vmplane.store.Addresses;
import dev.vmplane.store.DatabaseFile;
import dev.vmplane.store.Rules;
import dev.vmplane.store.StoreVerticle;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** The API over a real store that can be started again. Nobody reconciles: what is wished for stays a wish. */
final class StoredApi implements AutoCloseable {
    private static final Rules RULES = new Rules(
            "here",
            new Backoff(Duration.ofSeconds(10), Duration.ofSeconds(300), Duration.ofSeconds(600)),
            Duration.ofSeconds(30),
            Duration.ofSeconds(10),
            Duration.ofMinutes(10),
            1000);

    final ManualTime time = new ManualTime();
    private final Path home;
    private final AtomicInteger ids = new AtomicInteger();
    private Vertx vertx;
    private DatabaseFile database;
    private int port;

    StoredApi(Path home) {
        this.home = home;
        start();
    }

    private void start() {
        vertx = Vertx.vertx();
        database = DatabaseFile.open(home.resolve("state"), "simulator");
        Await.of(vertx.deployVerticle(new StoreVerticle(
                database.path(), new Addresses("127.64.0.0/24"), RULES, time, () -> "vm-" + ids.incrementAndGet())));
        Await.of(bus().answer(Address.INGRESS_CAUGHT_UP, Future::succeededFuture));
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
    }

    Bus bus() {
        return new Bus(vertx);
    }

    void restart() {
        close();
        start();
    }

    @Override
    public void close() {
        Await.of(vertx.close());
        try {
            database.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Reply get(String uri) {
        return call(HttpMethod.GET, uri, null, null);
    }

    /** With that Idempotency-Key, unless it is null. */
    Reply call(HttpMethod method, String uri, String key, String body) {
        return Await.of(send(method, uri, key, body));
    }

    Future<Reply> send(HttpMethod method, String uri, String key, String body) {
        var options = new RequestOptions()
                .setHost("127.0.0.1")
                .setPort(port)
                .setMethod(method)
                .setURI(uri);
        if (key != null) {
            options.putHeader("idempotency-key", key);
        }
        if (body != null) {
            options.putHeader("content-type", "application/json");
        }
        return vertx.createHttpClient()
                .request(options)
                .compose(request -> body == null ? request.send() : request.send(body))
                .compose(response -> response.body().map(bytes -> new Reply(response, bytes)));
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
}
