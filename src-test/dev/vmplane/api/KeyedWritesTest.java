package dev.vmplane.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Await;
import dev.vmplane.api.ApiFixture.Reply;
import io.vertx.core.http.HttpMethod;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that are sent again, on a real store that is started again between them. */
class KeyedWritesTest {
    private static final String WEB = "{\"job_id\": \"web\", \"spec\": {\"cmd\": [\"/web\"]}}";
    private static final String DB = "{\"job_id\": \"db\", \"spec\": {\"cmd\": [\"/db\"]}}";

    private StoredApi api;

    @BeforeEach
    void start(@TempDir Path home) {
        api = new StoredApi(home);
    }

    @AfterEach
    void stop() {
        api.close();
    }

    @Test
    void aRequestThatIsSentAgainIsAnsweredLetterForLetter() {
        var first = post("k", WEB);
        post("other", WEB.replace("/web", "/web2"));

        var again = post("k", WEB);

        assertThat(first.header("idempotency-replayed")).isNull();
        assertThat(again.header("idempotency-replayed")).isEqualTo("true");
        assertSame(again, first);
        assertThat(api.get("/vms/web").json().getInteger("generation")).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "POST   | /vms              | {'job_id': 'new', 'spec': {'cmd': ['/new']}}",
                "PUT    | /vms/new          | {'spec': {'cmd': ['/new']}}",
                "PUT    | /vms/web          | {'spec': {'cmd': ['/other']}}",
                "PATCH  | /vms/web          | {'spec': {'replicas': 2}}",
                "POST   | /vms/web/stop     | ",
                "POST   | /vms/web/restart  | ",
                "DELETE | /vms/web          | "
            })
    void anAnswerOutlivesTheProcess(String method, String uri, String body) {
        post("made", WEB);
        var first = api.call(HttpMethod.valueOf(method), uri, "k", body == null ? null : body.replace('\'', '"'));

        api.restart();
        var again = api.call(HttpMethod.valueOf(method), uri, "k", body == null ? null : body.replace('\'', '"'));

        assertThat(first.status()).isBetween(200, 299);
        assertThat(again.header("idempotency-replayed")).isEqualTo("true");
        assertSame(again, first);
    }

    @Test
    void requestsThatAreSentAtOnceAreDoneOnce() {
        var one = api.send(HttpMethod.POST, "/vms/web/restart", "k", null);
        assertThat(Await.of(one).status()).isEqualTo(404);
        post("made", WEB);

        var first = api.send(HttpMethod.POST, "/vms/web/restart", "k", null);
        var second = api.send(HttpMethod.POST, "/vms/web/restart", "k", null);

        assertThat(Await.of(first).body()).isEqualTo(Await.of(second).body());
        assertThat(api.get("/vms/web").json().getInteger("generation")).isEqualTo(2);
    }

    @Test
    void aKeyIsForOneRequest() {
        post("k", WEB);

        var otherBody = post("k", DB);
        var otherPath = api.call(HttpMethod.POST, "/vms/web/stop", "k", null);

        for (var reply : new Reply[] {otherBody, otherPath}) {
            assertThat(reply.status()).isEqualTo(422);
            assertThat(reply.json().getString("code")).isEqualTo("idempotency_key_reused");
            assertThat(reply.json().getString("field")).isEqualTo("Idempotency-Key");
        }
        assertThat(api.get("/vms/db").status()).isEqualTo(404);
    }

    @Test
    void aRefusedRequestLeavesItsKeyFree() {
        var refused = post("k", WEB.replace("cmd", "command"));

        assertThat(refused.status()).isEqualTo(422);
        assertThat(post("k", WEB).status()).isEqualTo(202);
    }

    @Test
    void aKeyIsFreeAfterADay() {
        post("k", WEB);
        api.time.advance(Duration.ofHours(24));

        assertThat(post("k", DB).status()).isEqualTo(202);
        assertThat(api.get("/vms/db").status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "two words", "a\u00e4"})
    void aKeyThatIsNoneIsRefused(String key) {
        var reply = post(key, WEB);

        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.json().getString("field")).isEqualTo("Idempotency-Key");
    }

    private Reply post(String key, String body) {
        return api.call(HttpMethod.POST, "/vms", key, body);
    }

    private static void assertSame(Reply again, Reply first) {
        assertThat(again.status()).isEqualTo(first.status());
        assertThat(again.body()).isEqualTo(first.body());
        assertThat(again.header("location")).isEqualTo(first.header("location"));
        assertThat(again.header("etag")).isEqualTo(first.header("etag"));
    }
}
