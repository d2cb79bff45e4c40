package dev.vmplane.hypervisor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.hypervisor.UnixHttp.Call;
import dev.vmplane.model.ReasonCode;
import io.netty.channel.ConnectTimeoutException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import java.net.ConnectException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The client against servers that answer well, badly and not at all. */
class UnixHttpTest {
    private static final Duration AMPLE = Duration.ofSeconds(10);
    private static final Duration SHORT = Duration.ofMillis(200);
    private static final Future<Void> NEVER = Promise.<Void>promise().future();

    private final Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
    private final UnixHttp http = new UnixHttp(vertx);

    @TempDir
    private Path directory;

    private Path socket;

    @BeforeEach
    void place() {
        socket = directory.resolve("api.sock");
    }

    @AfterEach
    void stop() throws Exception {
        got(vertx.close());
    }

    @Test
    void aBodyIsSentWithItsLengthAndNeverInChunks() throws Exception {
        var server = listening((connection, number, request) -> connection.write("HTTP/1.1 204 \r\n\r\n"));

        got(http.send(socket, call(HttpMethod.PUT, "{\"a\":1}", AMPLE)));

        assertThat(server.received())
                .singleElement()
                .asString()
                .containsIgnoringCase("content-length: 7")
                .doesNotContainIgnoringCase("transfer-encoding");
    }

    @Test
    void callsInARowShareOneConnection() throws Exception {
        var server = listening((connection, number, request) -> connection.write(RawServer.answer(200, "{}")));

        for (var round = 0; round < 5; round++) {
            got(http.send(socket, get(AMPLE)));
        }

        assertThat(server.connections()).isEqualTo(1);
    }

    @Test
    void callsAtOnceAreAnsweredOneAfterTheOther() throws Exception {
        var server = listening((connection, number, request) -> connection.write(RawServer.answer(200, "{}")));

        got(Future.all(IntStream.range(0, 16)
                .mapToObj(n -> http.send(socket, get(AMPLE)))
                .toList()));

        assertThat(server.connections()).isEqualTo(1);
    }

    @Test
    void theCallThatFindsTheLineFullFailsAtOnce() throws Exception {
        Promise<Void> busy = Promise.promise();
        listening((connection, number, request) -> busy.tryComplete());
        var first = http.send(socket, get(AMPLE));
        got(busy.future());
        var waiting = IntStream.range(0, 16)
                .mapToObj(n -> http.send(socket, get(AMPLE)))
                .toList();

        var refusal = failure(http.send(socket, get(AMPLE)));

        assertThat(refusal).hasMessage("vm cannot speak: too many calls wait for its control socket");
        assertThat(first.isComplete()).isFalse();
        assertThat(waiting).noneMatch(Future::isComplete);
    }

    @Test
    void anOverloadedServerIsARefusalAndCostsTheConnection() throws Exception {
        var server = listening((connection, number, request) -> {
            var body = "{ \"error\": \"Too many open connections\" }";
            connection.write(
                    number == 1
                            ? Buffer.buffer("HTTP/1.1 503\r\nConnection: close\r\nContent-Length: " + body.length()
                                    + "\r\n\r\n" + body)
                            : RawServer.answer(200, "fine"));
        });

        var refusal = failure(http.send(socket, get(AMPLE)));

        assertThat(refusal).hasMessage("vm cannot speak: Too many open connections");
        assertThat(refusal.reason().code()).isEqualTo(ReasonCode.HYPERVISOR_REFUSED);
        assertThat(got(http.send(socket, get(AMPLE)))).isEqualTo("fine");
        assertThat(server.connections()).isEqualTo(2);
    }

    @Test
    void aSecondAnswerToOneRequestNeverBecomesTheAnswerToTheNext() throws Exception {
        listening((connection, number, request) -> {
            if (number == 1) {
                connection.write(RawServer.answer(400, "{ \"error\": \"one\nAll dropped.\" }")
                        .appendBuffer(RawServer.answer(400, "{ \"error\": \"stray\" }")));
            } else {
                connection.write(RawServer.answer(200, "mine"));
            }
        });

        var refusal = failure(http.send(socket, get(AMPLE)));
        var next = got(http.send(socket, get(AMPLE)));

        assertThat(refusal).hasMessage("vm cannot speak: one All dropped.");
        assertThat(next).isEqualTo("mine");
    }

    @Test
    void aServerThatNeverAnswersFailsTheCallAndNotTheNext() throws Exception {
        listening((connection, number, request) -> {
            if (number == 2) {
                connection.write(RawServer.answer(200, "awake"));
            }
        });

        var silence = failure(http.send(socket, get(SHORT)));

        assertThat(silence).hasMessage("vm cannot speak: no answer within 200 ms");
        assertThat(silence.reason().code()).isEqualTo(ReasonCode.HYPERVISOR_SILENT);
        assertThat(got(http.send(socket, get(AMPLE)))).isEqualTo("awake");
    }

    @Test
    void aTrickleOfBytesDoesNotStretchTheLimit() throws Exception {
        listening((connection, number, request) -> {
            var bytes = RawServer.answer(200, "x".repeat(1000));
            for (var i = 0; i < bytes.length(); i++) {
                var one = bytes.slice(i, i + 1);
                vertx.setTimer(20L * (i + 1), due -> connection.write(one));
            }
        });

        var silence = failure(http.send(socket, get(Duration.ofMillis(300))));

        assertThat(silence).hasMessage("vm cannot speak: no answer within 300 ms");
    }

    @Test
    void anEndlessAnswerIsCut() throws Exception {
        listening((connection, number, request) -> connection.write(RawServer.answer(200, "x".repeat(10_000_000))));

        var refusal = failure(http.send(socket, get(AMPLE)));

        assertThat(refusal).hasMessage("vm cannot speak: the answer has more than 1048576 bytes");
    }

    @Test
    void aConnectionThatEndsWithinTheAnswerIsAFailure() throws Exception {
        listening((connection, number, request) -> connection
                .write("HTTP/1.1 200 \r\nContent-Length: 100\r\n\r\nhalf")
                .onComplete(sent -> connection.close()));

        var refusal = failure(http.send(socket, get(AMPLE)));

        assertThat(refusal).hasMessage("vm cannot speak: its control socket failed before the answer was complete");
        assertThat(UnixHttp.nobodyListens(refusal)).isFalse();
    }

    @Test
    void aQuestionThatMeetsTheKeptConnectionOfADeadServerIsAskedOnANewOne() throws Exception {
        var server = listening((connection, number, request) -> {
            if (number == 1 && request.contains("/last")) {
                connection.close();
            } else {
                connection.write(RawServer.answer(200, "server " + number));
            }
        });
        got(http.send(socket, get(AMPLE)));

        var next = got(http.send(socket, get("/last")));

        assertThat(next).isEqualTo("server 2");
        assertThat(server.received()).hasSize(3);
    }

    @Test
    void anOrderWhoseConnectionEndsIsNotGivenTwice() throws Exception {
        var server = listening((connection, number, request) -> connection.close());

        var refusal = failure(http.send(socket, call(HttpMethod.PUT, "{}", AMPLE)));

        assertThat(refusal).hasMessage("vm cannot speak: its control socket failed before the answer was complete");
        assertThat(server.received()).hasSize(1);
    }

    @Test
    void anAnswerThatIsNotHttpIsAFailure() throws Exception {
        listening((connection, number, request) -> connection.write("{\"QMP\": {}}\r\n\r\n"));

        var refusal = failure(http.send(socket, get(AMPLE)));

        assertThat(refusal.reason().code()).isEqualTo(ReasonCode.HYPERVISOR_SILENT);
    }

    @Test
    void whoeverLetsAConnectionWaitIsDeafAndThere() {
        assertThat(UnixHttp.nobodyListens(new ConnectTimeoutException("connection timed out")))
                .isFalse();
        assertThat(UnixHttp.nobodyListens(new ConnectException("Connection refused")))
                .isTrue();
    }

    @Test
    void nobodyListensAtAMissingSocket() throws Exception {
        var refusal = failure(http.send(socket, get(AMPLE)));

        assertThat(UnixHttp.nobodyListens(refusal)).isTrue();
        assertThat(refusal).hasMessage("vm cannot speak: nobody listens at its control socket");
    }

    @Test
    void nobodyListensAtTheSocketOfTheDead() throws Exception {
        var server = listening((connection, number, request) -> {});
        Files.createLink(directory.resolve("dead.sock"), socket);
        got(server.close());

        var refusal = failure(http.send(directory.resolve("dead.sock"), get(AMPLE)));

        assertThat(UnixHttp.nobodyListens(refusal)).isTrue();
    }

    @Test
    void aServerThatStartsLateIsReadyWhenItAnswers() throws Exception {
        var ready = http.awaitReady(socket, get(AMPLE), NEVER);
        failure(http.send(socket, get(AMPLE)));

        listening((connection, number, request) -> connection.write(RawServer.answer(200, "up")));

        assertThat(got(ready)).isEqualTo("up");
    }

    @Test
    void theWaitForAServerEndsWithItsProcess() throws Exception {
        Promise<Void> process = Promise.promise();
        var ready = http.awaitReady(socket, get(AMPLE), process.future());

        process.complete();

        assertThat(failure(ready)).hasMessage("vm cannot speak: its process ended at once");
    }

    @Test
    void theWaitForAServerThatNeverComesHasALimit() throws Exception {
        var silence = failure(http.awaitReady(socket, get(SHORT), NEVER));

        assertThat(silence).hasMessage("vm cannot speak: no answer within 200 ms");
    }

    @Test
    void anAnswerArrivesOnTheEventLoopThatAsked() throws Exception {
        listening((connection, number, request) -> connection.write(RawServer.answer(200, "{}")));
        Promise<Boolean> same = Promise.promise();
        var context = vertx.getOrCreateContext();

        context.runOnContext(here ->
                http.send(socket, get(AMPLE)).onComplete(answer -> same.complete(Vertx.currentContext() == context)));

        assertThat(got(same.future())).isTrue();
    }

    private RawServer listening(RawServer.Mouth mouth) throws TimeoutException {
        return got(RawServer.listen(vertx, socket, mouth));
    }

    private static Call get(Duration limit) {
        return call(HttpMethod.GET, null, limit);
    }

    private static Call get(String uri) {
        return call(HttpMethod.GET, uri, null, AMPLE);
    }

    private static Call call(HttpMethod method, String body, Duration limit) {
        return call(method, "/", body, limit);
    }

    private static Call call(HttpMethod method, String uri, String body, Duration limit) {
        return new Call(
                "vm cannot speak",
                ReasonCode.HYPERVISOR_REFUSED,
                method,
                uri,
                body == null ? null : Buffer.buffer(body),
                limit);
    }

    private static <T> T got(Future<T> future) throws TimeoutException {
        return future.await(30, TimeUnit.SECONDS);
    }

    private static HypervisorException failure(Future<?> future) throws TimeoutException {
        var cause = got(future.<Throwable>transform((value, failure) -> Future.succeededFuture(failure)));
        assertThat(cause).isInstanceOf(HypervisorException.class);
        return (HypervisorException) cause;
    }
}
