package dev.vmplane.api;

import static dev.vmplane.Samples.NOW;
import static dev.vmplane.Samples.owner;
import static dev.vmplane.Samples.running;
import static dev.vmplane.Samples.spec;
import static dev.vmplane.Samples.vm;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Await;
import dev.vmplane.Samples;
import dev.vmplane.model.GuestExit;
import dev.vmplane.model.Lifecycle;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Retry;
import dev.vmplane.model.VmState;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(VertxExtension.class)
class LogEndpointsTest {
    @TempDir
    private Path home;

    private HttpClient client;
    private ApiFixture api;
    private Consoles consoles;

    @BeforeEach
    void startApi(Vertx vertx) {
        client = vertx.createHttpClient();
        api = new ApiFixture(vertx);
        consoles = new Consoles(vertx, home, api.time);
    }

    /** Before anything else: a client that loses its connections while its Vert.x closes may hold that up. */
    @AfterEach
    void closeClient() {
        Await.of(client.close());
    }

    @Test
    void theLogOfAVmIsItsProgramsOutput() {
        api.store.keep(vm("vm-a", null, running()));
        consoles.raw("vm-a", "[    0.0] Linux\nvmplane-guest: started pid=1 uptime_ms=1\n");
        consoles.print("vm-a", "ready");
        consoles.raw("vm-a", "1000000 e oops\n");

        var reply = api.get("/instances/vm-a/logs");

        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.header("content-type")).isEqualTo("text/plain; charset=utf-8");
        assertThat(reply.body().toString()).isEqualTo("ready\noops\n");
    }

    @Test
    void whatElseIsPrintedComesWhenItIsAskedFor() {
        api.store.keep(vm("vm-a", null, running()));
        consoles.raw("vm-a", "[    0.0] Linux\nvmplane-guest: started pid=1 uptime_ms=1\n");
        consoles.print("vm-a", "ready");

        var reply = api.get("/instances/vm-a/logs?stream=kernel,guest&timestamps=true");

        assertThat(reply.body().toString())
                .isEqualTo("- [    0.0] Linux\n- vmplane-guest: started pid=1 uptime_ms=1\n");
    }

    @Test
    void onlyTheLastLinesComeWithTheirTimes() {
        api.store.keep(vm("vm-a", null, running()));
        consoles.print("vm-a", "one", "two", "three");

        assertThat(api.get("/instances/vm-a/logs?tail=2&timestamps").body().toString())
                .isEqualTo("2026-01-01T00:00:01Z two\n2026-01-01T00:00:02Z three\n");
        assertThat(api.get("/instances/vm-a/logs?tail=0").body().toString()).isEmpty();
        assertThat(api.get("/instances/vm-a/logs?since=2026-01-01T00:00:02Z")
                        .body()
                        .toString())
                .isEqualTo("three\n");
    }

    @Test
    void aLineInPartsIsPutTogether() {
        api.store.keep(vm("vm-a", null, running()));
        consoles.raw("vm-a", "1 O lo\n2 O ng\n3 o er\n4 O half\n5 e oops\n6 o way\n7 O unfinished\n");

        assertThat(api.get("/instances/vm-a/logs").body().toString())
                .isEqualTo("longer\nhalf\noops\nway\nunfinished\n");
    }

    @Test
    void aJobsLogIsThatOfAllItsVmsTheOldestFirst() {
        api.store.keep(Samples.service("web"));
        api.store.keep(born("vm-b", 0, 10, running()));
        api.store.keep(released("vm-a", 0, 0));
        consoles.print("vm-a", "first life");
        consoles.end("vm-a");
        consoles.print("vm-b", "second life");

        assertThat(api.get("/vms/web/logs").body().toString()).isEqualTo("first life\nsecond life\n");
    }

    @Test
    void linesOfReplicasSayWhoseTheyAre() {
        api.store.keep(Samples.job("web", spec(Lifecycle.SERVICE, 2, null)));
        api.store.keep(vm("vm-a", owner("web", 0), running()));
        api.store.keep(vm("vm-b", owner("web", 1), running()));
        consoles.print("vm-a", "a");
        consoles.print("vm-b", "b");

        assertThat(api.get("/vms/web/logs").body().toString()).isEqualTo("vm-a a\nvm-b b\n");
    }

    @Test
    void jsonLinesSayAllThatIsKnown() {
        api.store.keep(vm("vm-a", null, running()));
        consoles.print("vm-a", "ready");

        var reply = Await.of(
                api.call(HttpMethod.GET, "/instances/vm-a/logs", Map.of("accept", "application/x-ndjson"), null));

        assertThat(reply.header("content-type")).isEqualTo("application/x-ndjson");
        assertThat(new JsonObject(reply.body().toString().strip()))
                .isEqualTo(new JsonObject()
                        .put("vm_id", "vm-a")
                        .put("at", "2026-01-01T00:00:00Z")
                        .put("stream", "stdout")
                        .put("text", "ready")
                        .put("id", NOW.toEpochMilli() + ",vm-a:22"));
    }

    @Test
    void aFollowerHearsWhatComes() {
        api.store.keep(vm("vm-a", null, running()));
        consoles.print("vm-a", "one");
        var reader = follow("/instances/vm-a/logs?follow=true", null);
        untilHeard(reader, "one\n");

        consoles.print("vm-a", "two");

        untilHeard(reader, "one\ntwo\n");
        assertThat(reader.ended()).isFalse();
    }

    @Test
    void aFollowerHearsTheLastWordsAndThenTheEnd() {
        api.store.keep(vm("vm-a", null, running()));
        consoles.print("vm-a", "one");
        var reader = follow("/instances/vm-a/logs?follow=true", null);
        untilHeard(reader, "one\n");

        consoles.print("vm-a", "bye");
        consoles.raw("vm-a", "1000000 o unfinished");
        consoles.end("vm-a");
        api.store.keep(released("vm-a", 0, 0));

        Await.until(true, () -> Future.succeededFuture(reader.ended()));
        assertThat(reader.text()).isEqualTo("one\nbye\nunfinished\n");
    }

    @Test
    void aFollowerOfAJobGoesOnWithItsNextVm() {
        api.store.keep(Samples.service("web"));
        api.store.keep(born("vm-a", 0, 0, running()));
        consoles.print("vm-a", "first life");
        var reader = follow("/vms/web/logs?follow=true&tail=10", null);
        untilHeard(reader, "first life\n");

        consoles.end("vm-a");
        api.store.keep(released("vm-a", 0, 0));
        consoles.print("vm-b", "second", "life");
        api.store.keep(born("vm-b", 0, 10, running()));

        untilHeard(reader, "first life\nsecond\nlife\n");
        assertThat(reader.ended()).isFalse();
    }

    @Test
    void aFollowerOfAJobThatIsDoneIsDoneToo() {
        api.store.keep(Samples.service("web"));
        api.store.keep(born("vm-a", 0, 0, running()));
        consoles.print("vm-a", "result");
        var reader = follow("/vms/web/logs?follow=true", null);
        untilHeard(reader, "result\n");

        consoles.end("vm-a");
        api.store.keep(released("vm-a", 0, 0));
        var why = new Reason(ReasonCode.FINISHED, "done");
        api.store.keep("web", new Retry(Retry.ofReplica("web", 0), Samples.HASH, 0, null, NOW, why));

        Await.until(true, () -> Future.succeededFuture(reader.ended()));
    }

    @Test
    void aFollowerOfADeletedJobHearsItsVmsToTheirEnd() {
        api.store.keep(Samples.service("web"));
        api.store.keep(born("vm-a", 0, 0, running()));
        consoles.print("vm-a", "one");
        var reader = follow("/vms/web/logs?follow=true", null);
        untilHeard(reader, "one\n");

        api.delete("/vms/web");
        consoles.print("vm-a", "shutting down");
        untilHeard(reader, "one\nshutting down\n");
        assertThat(reader.ended()).isFalse();
        consoles.end("vm-a");
        api.store.keep(released("vm-a", 0, 0));

        Await.until(true, () -> Future.succeededFuture(reader.ended()));
    }

    @Test
    void aReaderOfEventsResumesWithoutGapOrRepeat() {
        api.store.keep(vm("vm-a", null, running()));
        consoles.print("vm-a", "one", "two", "three");
        var first = follow("/instances/vm-a/logs?follow=true", Map.of("accept", "text/event-stream"));
        untilHas(first, "three");
        var id = first.text()
                .lines()
                .filter(line -> line.startsWith("id: "))
                .skip(1)
                .findFirst()
                .orElseThrow();

        var second = follow(
                "/instances/vm-a/logs?follow=true&tail=1",
                Map.of("accept", "text/event-stream", "last-event-id", id.substring(4)));
        consoles.print("vm-a", "four");
        untilHas(second, "four");

        assertThat(first.text())
                .startsWith("retry: 1000\n\n")
                .contains("id: " + NOW.toEpochMilli() + ",vm-a:20\nevent: log\ndata: {\"vm_id\":\"vm-a\"");
        assertThat(second.text())
                .contains("three", "four")
                .doesNotContain("one")
                .doesNotContain("two");
    }

    @Test
    void silenceIsBrokenByAComment() {
        api.store.keep(vm("vm-a", null, running()));
        var reader = follow("/instances/vm-a/logs?follow=true", Map.of("accept", "text/event-stream"));

        Await.until(true, () -> {
            api.time.advance(Duration.ofSeconds(1));
            return Future.succeededFuture(reader.text().contains("\n:\n\n"));
        });
    }

    @Test
    void aFloodOfTwoVmsReachesItsReaderWhole() {
        api.store.keep(Samples.job("web", spec(Lifecycle.SERVICE, 2, null)));
        api.store.keep(vm("vm-a", owner("web", 0), running()));
        api.store.keep(vm("vm-b", owner("web", 1), running()));
        consoles.raw("vm-a", flood("a", 0, 30_000));
        consoles.raw("vm-b", flood("b", 0, 30_000));

        var lines = api.get("/vms/web/logs").body().toString().lines().toList();

        assertThat(lines).hasSize(60_000);
        assertThat(lines.subList(0, 30_000)).allMatch(line -> line.startsWith("vm-a a"));
        assertThat(lines.get(59_999)).isEqualTo("vm-b b29999");
    }

    @Test
    void aReaderThatDoesNotReadIsCutOffAndSlowsNobody() throws IOException {
        api.store.keep(vm("vm-a", null, running()));
        consoles.raw("vm-a", flood("x".repeat(100), 0, 10_000));
        try (var stalled = new Socket()) {
            stalled.setReceiveBufferSize(4096);
            stalled.setSoTimeout(20_000);
            stalled.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), api.port()));
            stalled.getOutputStream()
                    .write("GET /instances/vm-a/logs?follow=true HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(UTF_8));
            var reader = follow("/instances/vm-a/logs?follow=true", null);
            Await.until(true, () -> Future.succeededFuture(reader.text().endsWith("x9999\n")));
            // The sweep of logs, the heartbeat, the pause of the one reader, and the patience with the other.
            Await.until(4, () -> Future.succeededFuture(api.time.pending()));

            api.time.advance(Duration.ofSeconds(10));

            consoles.print("vm-a", "after");
            untilHas(reader, "after");
            // To its end, which only a connection that was closed has.
            assertThat(stalled.getInputStream().readAllBytes().length).isLessThan(1_000_000);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "/instances/vm-x/logs, 404, instance_not_found",
        "/vms/web/logs, 404, job_not_found",
        "/instances/vm-a/logs?tail=x, 400, bad_query"
    })
    void whatCannotBeReadIsAProblem(String uri, int status, String code) {
        api.store.keep(vm("vm-a", null, running()));

        var reply = api.get(uri);

        assertThat(reply.status()).isEqualTo(status);
        assertThat(reply.json().getString("code")).isEqualTo(code);
    }

    private static String flood(String word, int first, int count) {
        var text = new StringBuilder();
        IntStream.range(first, first + count)
                .forEach(n -> text.append("1000000 o ").append(word).append(n).append('\n'));
        return text.toString();
    }

    private static MicroVm born(String vmId, int replica, int second, VmState state) {
        var vm = vm(vmId, owner("web", replica), state);
        return new MicroVm(
                vmId,
                vm.node(),
                vm.specHash(),
                vm.boot(),
                vm.owner(),
                state,
                vm.address(),
                NOW.plusSeconds(second),
                false);
    }

    private static MicroVm released(String vmId, int replica, int second) {
        var why = new Reason(ReasonCode.GUEST_EXITED, "ended");
        return born(vmId, replica, second, new VmState.Failed(NOW, why, GuestExit.UNKNOWN))
                .asReleased();
    }

    private void untilHeard(Follower follower, String text) {
        Await.until(text, () -> {
            api.time.advance(Duration.ofMillis(50));
            return Future.succeededFuture(follower.text());
        });
    }

    private void untilHas(Follower follower, String text) {
        Await.until(true, () -> {
            api.time.advance(Duration.ofMillis(50));
            return Future.succeededFuture(follower.text().contains(text));
        });
    }

    private Follower follow(String uri, Map<String, String> headers) {
        var options =
                new RequestOptions().setHost("127.0.0.1").setPort(api.port()).setURI(uri);
        if (headers != null) {
            headers.forEach(options::putHeader);
        }
        var follower = new Follower();
        Await.of(client.request(options).compose(request -> request.send()).onSuccess(follower::hear));
        return follower;
    }

    /** Somebody who reads on and on. */
    private static final class Follower {
        private final StringBuilder heard = new StringBuilder();
        private boolean ended;

        private void hear(HttpClientResponse response) {
            response.handler(part -> add(part.toString())).endHandler(end -> end());
        }

        private synchronized void add(String part) {
            heard.append(part);
        }

        private synchronized void end() {
            ended = true;
        }

        private synchronized String text() {
            return heard.toString();
        }

        private synchronized boolean ended() {
            return ended;
        }
    }
}
