package dev.vmplane.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Await;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code vmplane run} against a server that answers as the test says. */
@Timeout(30)
class RunCommandTest {
    private static final String LOGS = "GET /vms/task/logs?follow=true&stream=stdout%2Cstderr";
    private static final String DIGEST = "sha256:" + "ab".repeat(32);

    private final ScriptedServer server = new ScriptedServer();
    private final CommandRig rig = new CommandRig(server);
    private volatile String exposed = "[]";
    private String lifecycle;

    @BeforeEach
    void anImage() {
        server.handles(
                "POST /images",
                asked -> asked.response()
                        .setStatusCode(202)
                        .end("{\"digest\":\"" + DIGEST + "\",\"state\":\"ready\",\"config\":{\"exposed_ports\":"
                                + exposed + "}}"));
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void aJobRunsToItsEndAndItsStatusIsTheCommands() {
        made("job")
                .job("starting", "")
                .job("failed", ",'exit':{'status':7,'signal':null}")
                .prints("hello");

        assertThat(rig.run("run", "--name", "task", "web:1", "--", "/task", "--fast"))
                .isEqualTo(7);
        assertThat(rig.out()).isEqualTo("hello\n");
        assertThat(rig.err()).isEqualTo("vmplane: job task\n");
        assertThat(server.asked())
                .contains("POST /vms {\"job_id\":\"task\",\"spec\":{\"image\":\"web:1\",\"cmd\":[\"/task\",\"--fast\"],"
                        + "\"lifecycle\":\"job\",\"restart\":{\"policy\":\"never\"}}}")
                .noneMatch(asked -> asked.startsWith("DELETE"));
    }

    @ParameterizedTest
    @CsvSource({"succeeded, 0, null, 0", "failed, 126, null, 126", "failed, null, 9, 137"})
    void theEndOfTheProgramIsToldAsShellsTellIt(String state, String status, String signal, int exit) {
        made("job")
                .job(state, ",'exit':{'status':" + status + ",'signal':" + signal + "}")
                .prints();

        assertThat(rig.run("run", "--name", "task", "web:1")).isEqualTo(exit);
    }

    @Test
    void aProgramThatNeverRanIsTheCommandsFailure() {
        made("job")
                .job("failed", ",'reason':{'code':'not_restarted','detail':'boot_failed: no kernel'}")
                .prints();

        assertThat(rig.run("run", "--name", "task", "web:1")).isEqualTo(125);
        assertThat(rig.err()).endsWith("vmplane: job task failed: boot_failed: no kernel\n");
    }

    @Test
    void whyTheGuestCouldNotRunTheProgramIsSaid() {
        made("job")
                .job(
                        "failed",
                        ",'reason':{'code':'not_restarted','detail':'restart policy is never; it ended with status 126:"
                                + " the guest cannot become joe: there is no such user'},'exit':{'status':126}")
                .prints();

        assertThat(rig.run("run", "--name", "task", "web:1")).isEqualTo(126);
        assertThat(rig.err()).endsWith("vmplane: the guest cannot become joe: there is no such user\n");
    }

    @Test
    void aJobCanBeRemovedAtItsEnd() {
        made("job").job("succeeded", ",'exit':{'status':0}").prints();
        server.answers("DELETE /vms/task", 204, "");

        assertThat(rig.run("run", "--rm", "--name", "task", "web:1")).isZero();
        assertThat(server.asked())
                .contains("DELETE /vms/task")
                .anyMatch(asked -> asked.startsWith("POST /vms") && asked.contains("\"ttl_s\":600"));
    }

    @Test
    void whatItWaitsForIsSaidOnce() {
        var waits = ",'reason':{'code':'no_capacity','detail':'there is no room'}";
        made("job")
                .job("waiting", waits)
                .job("waiting", waits)
                .job("succeeded", "")
                .prints();

        assertThat(rig.run("run", "--name", "task", "web:1")).isZero();
        assertThat(rig.err()).isEqualTo("vmplane: job task\nvmplane: task is waiting: there is no room\n");
    }

    @Test
    void aJobWithoutANameGetsTheImagesAndFiveCharacters() {
        server.refuses("POST /vms", 422, "bad", "it ends here");

        rig.run("run", "docker.io/library/Nginx_x:1.27@" + DIGEST);
        assertThat(server.asked())
                .anyMatch(asked -> asked.matches("POST /vms \\{\"job_id\":\"nginx-x-[a-z2-9]{5}\".*"));
        assertThat(rig.err()).endsWith("vmplane: it ends here\n");
    }

    @Test
    void aNameInUseIsRefusedBeforeAnythingIsChanged() {
        server.answers("GET /vms/task", 200, "{'job_id':'task','status':{'state':'running'}}");

        assertThat(rig.run("run", "--name", "task", "web:1")).isEqualTo(125);
        assertThat(rig.err()).contains("job task cannot be made: there is one of that name", "vmplane rm task");
        assertThat(server.asked()).containsExactly("GET /vms/task");
    }

    @Test
    void anImageThatExposesAPortIsAServiceAndInterruptedItStops() throws Exception {
        exposed = "[80]";
        made("service").job("running", "");
        server.handles("POST /vms/task/stop", asked -> {
            job("stopped", "");
            asked.response().setStatusCode(202).end("{}");
        });
        var printing = following();
        var exit = running("run", "--name", "task", "web:1");
        Await.of(printing);
        awaitErr("task is at http://task.localhost:8080/");
        rig.interrupt();

        assertThat(exit.get(20, TimeUnit.SECONDS)).isEqualTo(130);
        assertThat(rig.out()).isEqualTo("serving\n");
        assertThat(server.asked()).anyMatch(asked -> asked.startsWith("POST /vms/task/stop"));
        assertThat(rig.err()).contains("stopping task", "'vmplane rm task' removes it");
    }

    @Test
    void interruptedItIsRemovedIfItWasToBe() throws Exception {
        exposed = "[80]";
        made("service").job("running", "");
        server.answers("DELETE /vms/task", 202, "{}");
        var printing = following();
        var exit = running("run", "--rm", "--name", "task", "web:1");
        Await.of(printing);
        awaitErr("task is at ");
        server.answers("GET /vms/task", 404, "{'status':404,'code':'no_such_job','detail':'gone'}");
        rig.interrupt();

        assertThat(exit.get(20, TimeUnit.SECONDS)).isEqualTo(130);
        assertThat(server.asked()).contains("DELETE /vms/task");
    }

    @Test
    void aDetachedOneIsNamedAndLeftAlone() {
        made("service");

        assertThat(rig.run("run", "-d", "-p", "8081:80", "--name", "task", "web:1"))
                .isZero();
        assertThat(rig.out()).isEqualTo("task\n");
        assertThat(rig.err())
                .contains("task will be at http://task.localhost:8080/", "Port 8081 of this host does not lead there");
        assertThat(server.asked()).anyMatch(asked -> asked.contains("\"lifecycle\":\"service\",\"port\":80"));
    }

    @Test
    void aPortOfThisHostLeadsToTheJobWhileItRuns() throws Exception {
        made("service").job("running", "");
        following();
        server.handles(
                "GET /hello",
                asked -> asked.response()
                        .end(asked.getHeader("host") + " " + asked.getHeader("x-forwarded-host") + " "
                                + asked.getHeader("connection")));
        var port = freePort();
        rig.with("VMPLANE_INGRESS", "127.0.0.1:" + server.port());
        var exit = running("run", "--rm", "-p", port + ":80", "--name", "task", "web:1");
        awaitErr("task is at http://127.0.0.1:" + port + "/");

        assertThat(asked(port, "GET /hello HTTP/1.1\r\nHost: shop:" + port + "\r\nConnection: keep-alive\r\n\r\n"))
                .endsWith("task.localhost shop:" + port + " close");
        server.answers("DELETE /vms/task", 204, "").answers("GET /vms/task", 404, "{'detail':'gone'}");
        rig.interrupt();
        assertThat(exit.get(20, TimeUnit.SECONDS)).isEqualTo(130);
    }

    @Test
    void aTerminalGetsAVmThatWaitsForItAndGoesWithIt() {
        var terminal = new ExecCommandTest.FakeTerminal("exit\r");
        rig.at(terminal);
        made("job").job("starting", "").job("running", "");
        server.answers("DELETE /vms/task", 202, "{}");
        server.handles("GET /vms/task/exec?tty=true&rows=24&cols=80", new GuestProgram((program, heard) -> {
            if (heard.startsWith("stdin ")) {
                program.end("{'status':3}");
            }
        }));

        assertThat(rig.run("run", "-it", "--name", "task", "web:1", "sh", "-l")).isEqualTo(3);
        assertThat(server.asked())
                .contains("DELETE /vms/task")
                .anyMatch(asked -> asked.startsWith("POST /vms")
                        && asked.contains("\"cmd\":[\"sh\",\"-l\"]")
                        && asked.contains("\"interactive\":true"));
    }

    @Test
    void interruptedAProgramAtAPipeGoesWithItsVm() throws Exception {
        made("job").job("running", "");
        rig.typing("x");
        var guest = new GuestProgram((program, heard) -> {});
        server.handles("GET /vms/task/exec", guest).handles("DELETE /vms/task", asked -> {
            guest.hangUp();
            asked.response().setStatusCode(202).end("{}");
        });
        var exit = running("run", "-i", "--name", "task", "web:1");
        guest.awaitStart();
        rig.interrupt();

        assertThat(exit.get(20, TimeUnit.SECONDS)).isEqualTo(130);
        assertThat(server.asked()).contains("DELETE /vms/task");
    }

    @Test
    void anImageIsNotPulledWhenItMustNotBe() {
        server.refuses("GET /images/web%3A1", 404, "no_such_image", "there is no image web:1");

        assertThat(rig.run("run", "--pull", "never", "web:1")).isEqualTo(125);
        assertThat(rig.err()).contains("image web:1 cannot be run: the server has none of that name");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "-d -it; nobody is there to type",
                "-t; standard input is none",
                "--pull sometimes; --pull cannot be 'sometimes'",
                "-p x; -p cannot be 'x'",
                "-p 1:99999; -p cannot be '1:99999'",
                "--memory 1x; --memory cannot be '1x'",
                "--cpus 1.5; 'cpus'",
                "--lifecycle cron; --lifecycle cannot be 'cron'",
                "-v data; --volume cannot be 'data'",
                "--warm x; --warm cannot be 'x'",
                "--health ping; --health cannot be 'ping'",
                "--timeout soon; --timeout cannot be 'soon'",
                "-e =x; '=x' cannot be set",
                "-d --rm --lifecycle service; which has no end",
                "-p 1:2 --lifecycle job; only services are served",
            })
    void whatCannotBeIsRefusedBeforeAJobIsMade(String words, String why) {
        assertThat(rig.run(("run " + words + " web:1").split(" "))).isEqualTo(125);
        assertThat(rig.err()).contains(why.replace("'cpus'", "--cpus"));
        assertThat(server.asked()).noneMatch(asked -> asked.startsWith("POST /vms"));
    }

    private RunCommandTest made(String lifecycle) {
        server.refuses("GET /vms/task", 404, "no_such_job", "there is no job task")
                .answers("POST /vms", 202, job(lifecycle, "starting", ""));
        this.lifecycle = lifecycle;
        return this;
    }

    private RunCommandTest job(String state, String more) {
        server.answers("GET /vms/task", 200, job(lifecycle, state, more));
        return this;
    }

    private static String job(String lifecycle, String state, String more) {
        return "{'job_id':'task','spec':{'lifecycle':'" + lifecycle + "','replicas':1},'status':{'state':'" + state
                + "'" + more + "},'instances':[]}";
    }

    private void prints(String... lines) {
        var events = new StringBuilder();
        for (var line : lines) {
            events.append(event(line));
        }
        server.handles(LOGS, asked -> asked.response().end(events.toString()));
    }

    /** A log that has one line and goes on. */
    private Future<HttpServerResponse> following() {
        var printing = Promise.<HttpServerResponse>promise();
        server.handles(LOGS, asked -> {
            asked.response().setChunked(true).write(event("serving"));
            printing.complete(asked.response());
        });
        return printing.future();
    }

    private static String event(String line) {
        return "id: 1\nevent: log\ndata: {\"stream\":\"stdout\",\"text\":\"" + line + "\"}\n\n";
    }

    private CompletableFuture<Integer> running(String... words) {
        return CompletableFuture.supplyAsync(() -> rig.run(words));
    }

    private void awaitErr(String wanted) {
        Await.until(true, () -> Future.succeededFuture(rig.err().contains(wanted)));
    }

    private static int freePort() throws IOException {
        try (var taken = new ServerSocket(0)) {
            return taken.getLocalPort();
        }
    }

    private static String asked(int port, String request) throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.getOutputStream().write(request.getBytes(UTF_8));
            return new String(socket.getInputStream().readAllBytes(), UTF_8);
        }
    }
}
