package dev.vmplane.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Handler;
import io.vertx.core.http.HttpServerRequest;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code vmplane logs} against a server that answers as the test says. */
@Timeout(30)
class LogsCommandTest {
    private static final String USUAL = "stream=stdout%2Cstderr";

    private final ScriptedServer server = new ScriptedServer();
    private final CommandRig rig = new CommandRig(server);
    private final List<String> positions = new CopyOnWriteArrayList<>();

    @BeforeEach
    void aJob() {
        server.answers("GET /vms/web-1", 200, "{'job_id':'web-1','spec':{'replicas':1},'status':{}}");
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void whatAProgramPrintsComesOutOnTheStreamItWasPrintedOn() {
        logs(
                "/vms/web-1/logs?" + USUAL,
                event("1", "'stream':'stdout','text':'hello'"),
                ": still there\n\n",
                event("2", "'stream':'stderr','text':'oh'"),
                event("3", "'stream':'stdout','text':'half','partial':true"),
                event("4", "'stream':'stdout','text':' whole'"));

        assertThat(rig.run("logs", "web-1")).isZero();
        assertThat(rig.out()).isEqualTo("hello\nhalf whole\n");
        assertThat(rig.err()).isEqualTo("oh\n");
    }

    @Test
    void theQuestionsAreTheServersToAnswer() {
        logs("/vms/web-1/logs?follow=true&tail=5&since=2026-01-02T02%3A54%3A05Z&stream=guest");

        assertThat(rig.run("logs", "-f", "-n", "5", "--since", "10m", "--stream", "guest", "web-1"))
                .isZero();
    }

    @Test
    void linesOfSeveralVmsBeginWithWhoseTheyAre() {
        server.answers("GET /vms/web-2", 200, "{'job_id':'web-2','spec':{'replicas':2},'status':{}}");
        logs(
                "/vms/web-2/logs?" + USUAL,
                event("1", "'vm_id':'vm-a','at':'2026-01-02T03:04:05Z','stream':'stdout','text':'x'"));

        assertThat(rig.run("logs", "-t", "web-2")).isZero();
        assertThat(rig.out()).isEqualTo("vm-a 2026-01-02T03:04:05Z x\n");
    }

    @Test
    void aVmCanBeNamedToo() {
        server.answers("GET /instances/vm-a", 200, "{'vm_id':'vm-a'}");
        logs("/instances/vm-a/logs?" + USUAL, event("1", "'stream':'stdout','text':'x'"));

        assertThat(rig.run("logs", "vm-a")).isZero();
        assertThat(rig.out()).isEqualTo("x\n");
    }

    @Test
    void whatIsNeitherAJobNorAVmIsSaidToBeSo() {
        assertThat(rig.run("logs", "web-9")).isEqualTo(1);
        assertThat(rig.err()).contains("'web-9' cannot be found: it is neither a job nor a VM", "vmplane ps -a");
    }

    @Test
    void afterALostConnectionItGoesOnWhereItWas() {
        var path = "/vms/web-1/logs?follow=true&" + USUAL;
        server.handles(
                "GET " + path,
                asked -> asked.response()
                        .setChunked(true)
                        .write(event("a:7", "'stream':'stdout','text':'one'"))
                        .onComplete(written -> asked.connection().close()));
        server.handles(
                "GET " + path, asked -> asked.response().setStatusCode(503).end());
        logs(path, event("a:9", "'stream':'stdout','text':'two'"));

        assertThat(rig.run("logs", "-f", "web-1")).isZero();
        assertThat(rig.out()).isEqualTo("one\ntwo\n");
        assertThat(rig.err()).contains("cannot go on with the log").containsOnlyOnce("trying again");
        assertThat(positions).containsExactly("a:7");
    }

    private void logs(String path, String... events) {
        server.handles("GET " + path, sending(events));
    }

    private Handler<HttpServerRequest> sending(String... events) {
        return asked -> {
            var position = asked.getHeader("last-event-id");
            if (position != null) {
                positions.add(position);
            }
            asked.response().putHeader("content-type", "text/event-stream").end(String.join("", events));
        };
    }

    private static String event(String id, String data) {
        return "id: " + id + "\nevent: log\ndata: {" + data.replace('\'', '"') + "}\n\n";
    }
}
