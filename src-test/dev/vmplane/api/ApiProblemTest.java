package dev.vmplane.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Await;
import dev.vmplane.bus.Address;
import dev.vmplane.model.Refusal;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every way to be told no, and the shape of it. */
@ExtendWith(VertxExtension.class)
class ApiProblemTest {
    private static final String JSON = "application/json";

    private ApiFixture api;

    @BeforeEach
    void startApi(Vertx vertx) {
        api = new ApiFixture(vertx);
    }

    @ParameterizedTest(name = "{0} {1} {2} {3}: {4} {5} {6}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            nullValues = "-",
            value = {
                "GET    | /nowhere                         | -                      | -                            | 404 | no_such_path           | -",
                "GET    | /vms/%zz                         | -                      | -                            | 400 | bad_request            | -",
                "GET    | /vms/missing                     | -                      | -                            | 404 | job_not_found          | -",
                "GET    | /vms/Not-An-Id_                  | -                      | -                            | 404 | job_not_found          | -",
                "DELETE | /vms/missing                     | -                      | -                            | 404 | job_not_found          | -",
                "GET    | /instances/vm-0000000000         | -                      | -                            | 404 | instance_not_found     | -",
                "PUT    | /vms                             | application/json       | {}                           | 405 | method_not_allowed     | -",
                "DELETE | /stats                           | -                      | -                            | 405 | method_not_allowed     | -",
                "POST   | /vms                             | -                      | {\"job_id\":\"a\"}           | 415 | unsupported_media_type | -",
                "POST   | /vms                             | text/plain             | {\"job_id\":\"a\"}           | 415 | unsupported_media_type | -",
                "POST   | /vms                             | application/json       | {\"job_id\":                 | 400 | bad_json               | -",
                "POST   | /vms                             | application/json       | {\"job_id\":\"a\"} x         | 400 | bad_json               | -",
                "POST   | /vms                             | application/json       | {\"job_id\":1,\"job_id\":2}  | 400 | bad_json               | -",
                "POST   | /vms                             | application/json       | []                           | 400 | wrong_type             | -",
                "POST   | /vms                             | application/json       | -                            | 400 | bad_json               | -",
                "POST   | /vms                             | application/json       | {\"colour\":\"red\"}         | 422 | unknown_field          | colour",
                "POST   | /vms?wait=asleep                 | application/json       | {\"job_id\":\"a\"}           | 400 | bad_query              | wait",
                "POST   | /vms?wait=running&timeout_s=301  | application/json       | {\"job_id\":\"a\"}           | 400 | bad_query              | timeout_s",
                "GET    | /vms?limit=0                     | -                      | -                            | 400 | bad_query              | limit",
                "GET    | /instances?limit=1001            | -                      | -                            | 400 | bad_query              | limit",
                "GET    | /events?since=x                  | -                      | -                            | 400 | bad_query              | since",
            })
    void isAProblemWithACode(
            String method, String uri, String type, String body, int status, String code, String field) {
        var reply = Await.of(api.call(
                HttpMethod.valueOf(method), uri, type == null ? Map.of() : Map.of("content-type", type), body));

        assertThat(reply.status()).isEqualTo(status);
        assertProblem(reply, status, code);
        assertThat(reply.json().getString("field")).isEqualTo(field);
    }

    @Test
    void aWrongMethodIsToldTheRightOnes() {
        var reply = Await.of(api.call(HttpMethod.POST, "/vms/a", Map.of(), null));

        assertThat(reply.header("allow")).isEqualTo("GET, PUT, PATCH, DELETE");
    }

    @Test
    void badJsonIsToldWhere() {
        var reply = Await.of(api.post("/vms", "{\n  \"job_id\": oops\n}"));

        assertThat(reply.json().getString("detail")).startsWith("line 2, column ");
    }

    @Test
    void aBodyNestedTooDeepIsRefused() {
        var reply = Await.of(api.post("/vms", "{\"a\":" + "[".repeat(100) + "]".repeat(100) + "}"));

        assertThat(reply.status()).isEqualTo(400);
        assertProblem(reply, 400, "bad_json");
    }

    @Test
    void aBodyOverOneMebibyteIsTooLarge() {
        var reply = Await.of(api.post("/vms", " ".repeat((1 << 20) + 1)));

        assertProblem(reply, 413, "body_too_large");
    }

    @Test
    void aBodyThatTricklesInIsGivenUp(Vertx vertx) {
        Promise<String> heard = Promise.promise();
        // Referred to until the end of the test: Vert.x closes a client that nobody holds.
        var client = vertx.createNetClient();
        var socket = Await.of(client.connect(api.port(), "127.0.0.1"));
        socket.handler(answer -> heard.tryComplete(answer.toString()));
        socket.write("POST /vms HTTP/1.1\r\nHost: a\r\nContent-Type: " + JSON + "\r\nContent-Length: 100\r\n\r\n{");
        Await.until(1, () -> Future.succeededFuture(api.time.pending()));

        api.time.advance(Duration.ofSeconds(10));

        assertThat(Await.of(heard.future())).startsWith("HTTP/1.1 408 ").contains("body_too_slow");
        Await.of(client.close());
    }

    @ParameterizedTest
    @CsvSource({
        "BAD_INPUT, 400",
        "INVALID, 422",
        "NOT_FOUND, 404",
        "CONFLICT, 409",
        "BUSY, 503",
        "UNAVAILABLE, 503",
    })
    void aRefusalOfTheStoreHasItsStatus(Refusal.Kind kind, int status) {
        api.ingress(seq -> Future.failedFuture(new Refusal(kind, "some_code", "some.field", "because").asException()));

        var reply = api.get("/health/ready");

        assertProblem(reply, status, "some_code");
        assertThat(reply.json().getString("detail")).isEqualTo("because");
        assertThat(reply.header("retry-after")).isEqualTo(status == 503 ? "1" : null);
    }

    @Test
    void aDefectShowsNothingOfItself() {
        api.ingress(seq -> {
            throw new IllegalStateException("/secret/path");
        });

        var reply = api.get("/health/ready");

        assertThat(reply.status()).isEqualTo(503);
        assertThat(reply.body().toString()).doesNotContain("secret").doesNotContain("IllegalState");
        assertThat(reply.json().getString("detail"))
                .isEqualTo(Address.INGRESS_CAUGHT_UP.name() + " cannot answer: internal error, see the log");
    }

    private static void assertProblem(ApiFixture.Reply reply, int status, String code) {
        assertThat(reply.header("content-type")).isEqualTo("application/problem+json");
        assertThat(reply.json().getString("code")).isEqualTo(code);
        assertThat(reply.json().getInteger("status")).isEqualTo(status).isEqualTo(reply.status());
        assertThat(reply.json().getMap()).containsKeys("type", "title", "detail");
        assertThat(reply.json().getString("title")).isNotBlank();
    }
}
