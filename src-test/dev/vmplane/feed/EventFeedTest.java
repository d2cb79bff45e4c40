package dev.vmplane.feed;

import static dev.vmplane.Samples.service;
import static dev.vmplane.Samples.vm;
import static dev.vmplane.Samples.warm;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Await;
import dev.vmplane.FakeStore;
import dev.vmplane.ManualTime;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.junit5.VertxExtension;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(VertxExtension.class)
class EventFeedTest {
    private final FakeStore store = new FakeStore();
    private final ManualTime time = new ManualTime();
    private HttpClient client;
    private int port;

    @BeforeEach
    void startFeed(Vertx vertx) {
        client = vertx.createHttpClient();
        Await.of(vertx.deployVerticle(store));
        var door = new Door(new EventFeed(vertx, time));
        Await.of(vertx.deployVerticle(door));
        port = door.server.actualPort();
    }

    @Test
    void anEventHasItsNumberItsTypeAndItsFacts() {
        store.keep(vm("vm-a", null, warm()));
        var reader = read("0");

        Await.until(1, reader::count);

        assertThat(reader.text())
                .contains("id: 1\nevent: vm.created\ndata: {\"seq\":1,\"at\":\"2026-01-01T00:00:00Z\","
                        + "\"type\":\"vm.created\",\"vm_id\":\"vm-a\",\"data\":{\"spec_hash\":\"hash-of-web\"}}\n\n");
    }

    @Test
    void aReaderResumesWithoutGapOrRepeatWhileCommitsGoOn() {
        commit(700);
        var reader = read("350");
        commit(700);

        Await.until(1050, reader::count);

        assertThat(reader.ids()).containsExactlyElementsOf(numbers(351, 1400));
    }

    @Test
    void aReaderWithoutANumberGetsWhatHappensFromNowOn() {
        commit(3);
        var reader = read(null);
        Await.until(true, () -> Future.succeededFuture(reader.text().contains("retry:")));

        commit(2);

        Await.until(2, reader::count);
        assertThat(reader.ids()).containsExactly(4L, 5L);
    }

    @Test
    void aNumberThatThisLogNeverGaveIsToldAndReadFromTheStart() {
        commit(2);
        var reader = read("5000");

        Await.until(2, reader::count);

        assertThat(reader.text()).contains("event: log.gap\ndata: {\"asked\":5000,\"next\":1}");
        assertThat(reader.ids()).containsExactly(1L, 2L);
    }

    @Test
    void silenceIsBrokenByAComment() {
        var reader = read("0");
        Await.until(1, () -> Future.succeededFuture(time.pending()));
        Await.until(true, () -> Future.succeededFuture(reader.text().contains("retry:")));

        time.advance(Duration.ofSeconds(15));

        Await.until(true, () -> Future.succeededFuture(reader.text().contains("\n:\n\n")));
    }

    @Test
    void aReaderThatDoesNotReadIsClosedAndSlowsNobody() throws IOException {
        try (var stalled = new Socket()) {
            stalled.setReceiveBufferSize(4096);
            stalled.setSoTimeout(20_000);
            stalled.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            stalled.getOutputStream().write("GET /events?since=0 HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(UTF_8));
            var reader = read("0");
            commit(4000);
            Await.until(4000, reader::count);
            // The heartbeat, and the patience with the one reader that is full.
            Await.until(2, () -> Future.succeededFuture(time.pending()));

            time.advance(Duration.ofSeconds(10));

            commit(1);
            Await.until(4001, reader::count);
            assertThat(reader.ids()).containsExactlyElementsOf(numbers(1, 4001));
            // To its end, which only a connection that was closed has.
            var heard = new String(stalled.getInputStream().readAllBytes(), UTF_8);
            assertThat(heard).contains("id: 1\n").doesNotContain("id: 4000\n");
        }
    }

    @Test
    void theLogComesInPages() {
        commit(5);

        var first = page("?limit=3");
        var second = page("?limit=3&since=" + first.getString("next"));

        assertThat(seqs(first)).containsExactly(1L, 2L, 3L);
        assertThat(seqs(second)).containsExactly(4L, 5L);
        assertThat(second.getString("next")).isNull();
    }

    private void commit(int times) {
        for (var n = 0; n < times; n++) {
            store.keep(service("web"));
        }
    }

    private Reader read(String lastEventId) {
        var options = to("/events");
        if (lastEventId != null) {
            options.putHeader("Last-Event-ID", lastEventId);
        }
        var reader = new Reader();
        Await.of(client.request(options)
                .compose(request -> request.send())
                .onSuccess(response -> response.handler(part -> reader.hear(part.toString()))));
        return reader;
    }

    private JsonObject page(String query) {
        return Await.of(client.request(to("/events" + query).putHeader("accept", "application/json"))
                .compose(request -> request.send())
                .compose(HttpClientResponse::body)
                .map(body -> body.toJsonObject()));
    }

    private RequestOptions to(String uri) {
        return new RequestOptions().setHost("127.0.0.1").setPort(port).setURI(uri);
    }

    private static List<Long> numbers(long first, long last) {
        return LongStream.rangeClosed(first, last).boxed().toList();
    }

    private static List<Long> seqs(JsonObject page) {
        return page.getJsonArray("items").stream()
                .map(item -> ((JsonObject) item).getLong("seq"))
                .toList();
    }

    /** One client of the stream and all it has heard. */
    private static final class Reader {
        private final StringBuilder heard = new StringBuilder();
        private final List<Long> ids = new ArrayList<>();
        private String line = "";

        private synchronized void hear(String part) {
            heard.append(part);
            var lines = (line + part).split("\n", -1);
            for (var n = 0; n < lines.length - 1; n++) {
                if (lines[n].startsWith("id: ")) {
                    ids.add(Long.valueOf(lines[n].substring(4)));
                }
            }
            line = lines[lines.length - 1];
        }

        private synchronized String text() {
            return heard.toString();
        }

        private synchronized Future<Integer> count() {
            return Future.succeededFuture(ids.size());
        }

        private synchronized List<Long> ids() {
            return List.copyOf(ids);
        }
    }

    /** A server with nothing but the feed behind it. */
    private static final class Door extends VerticleBase {
        private final EventFeed feed;
        private HttpServer server;

        private Door(EventFeed feed) {
            this.feed = feed;
        }

        @Override
        public Future<?> start() {
            var router = Router.router(vertx);
            router.get("/events").handler(feed);
            server = vertx.createHttpServer(new HttpServerOptions().setSendBufferSize(8192))
                    .requestHandler(router);
            return server.listen(0, "127.0.0.1");
        }
    }
}
