package dev.vmplane.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ServerSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The small commands about jobs, and what every command says when its server does not answer as it should. */
@Timeout(30)
class JobCommandsTest {
    private final ScriptedServer server = new ScriptedServer();
    private final CommandRig rig = new CommandRig(server);

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void jobsThatAreOverAreListedOnlyWhenAskedFor() {
        server.answers(
                "GET /vms",
                200,
                "{'items':[{'job_id':'web-1','tenant':'prod','created_at':'2026-01-01T00:00:00Z',"
                        + "'spec':{'lifecycle':'service','image':'docker.io/library/web:1@sha256:ab'},"
                        + "'status':{'state':'waiting','ready':0,'replicas':2,'reason':{'detail':'no room \\u001b[2J'}}},"
                        + "{'job_id':'task','spec':{'lifecycle':'job','rootfs':'task.ext4'},'status':{'state':'succeeded'}}]}");

        assertThat(rig.run("ps")).isZero();
        assertThat(rig.out()).isEqualTo("""
                        JOB     TENANT   LIFECYCLE   STATE     READY   BOOTS FROM                AGE   REASON
                        web-1   prod     service     waiting   0/2     docker.io/library/web:1   1d    no room ?[2J
                        """);
        assertThat(rig.run("ps", "-aq")).isZero();
        assertThat(rig.out()).endsWith("web-1\ntask\n");
    }

    @Test
    void jobsAreRemoved() {
        server.answers("DELETE /vms/web-1", 202, "{'job_id':'web-1'}");

        assertThat(rig.run("rm", "web-1", "web-2")).isEqualTo(1);
        assertThat(rig.out()).isEqualTo("web-1\n");
        assertThat(rig.err()).isEqualTo("vmplane: there is no DELETE /vms/web-2\n");
    }

    @Test
    void jobsAreStopped() {
        server.answers("POST /vms/web-1/stop", 202, "{'job_id':'web-1'}");

        assertThat(rig.run("stop", "web-1", "web-2")).isEqualTo(1);
        assertThat(rig.out()).isEqualTo("web-1\n");
        assertThat(rig.err()).isEqualTo("vmplane: there is no POST /vms/web-2/stop\n");
    }

    @Test
    void aServerThatIsNotThereIsNamedWithWhatToDo() throws IOException {
        try (var taken = new ServerSocket(0)) {
            rig.with("VMPLANE_SERVER", "127.0.0.1:" + taken.getLocalPort());
        }
        assertThat(rig.run("ps")).isEqualTo(1);
        assertThat(rig.err())
                .contains("cannot be reached: nobody listens there", "vmplane serve", "--server", "VMPLANE_SERVER");
    }

    @Test
    void theOptionWinsOverTheVariable() {
        rig.with("VMPLANE_SERVER", "http://192.0.2.1:1");
        server.answers("GET /vms", 200, "{'items':[]}");

        assertThat(rig.run("ps", "--server", server.url() + "/")).isZero();
    }

    @Test
    void anAddressThatIsNoneIsRefused() {
        assertThat(rig.run("ps", "--server", "ftp://x")).isEqualTo(1);
        assertThat(rig.err()).contains("cannot be 'ftp://x'");
    }

    @Test
    void aServerOfAnotherKindIsNotTakenForOurs() {
        server.handles("GET /vms", asked -> asked.response().setStatusCode(502).end("<html>"));

        assertThat(rig.run("ps")).isEqualTo(1);
        assertThat(rig.err()).contains("it says 502 without a reason", "Is there a vmplane server");
    }
}
