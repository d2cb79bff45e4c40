package dev.vmplane.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Commands as processes of their own. */
@Timeout(60)
class ProgramTest {
    private final ScriptedServer server = new ScriptedServer();

    @AfterEach
    void stop() {
        server.close();
    }

    /** Each of these takes longer to load than the command takes. */
    @Test
    void aCommandThatAsksAServerLoadsNothingOfTheServers() throws Exception {
        server.answers("GET /vms", 200, "{'items':[{'job_id':'web-1','status':{'state':'running'}}]}");

        assertThat(run("-verbose:class", "ps"))
                .contains("web-1", "dev.vmplane.cli.PsCommand")
                .doesNotContain("] io.vertx.", "] io.netty.", "] ch.qos.logback.", "] org.slf4j.", "] org.yaml.")
                .doesNotContain("] com.fasterxml.jackson.databind.", "] java.net.http.", "] org.jline.terminal.");
    }

    private String run(String option, String command) throws IOException, InterruptedException {
        var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        var classPath = System.getProperty("java.class.path");
        var builder = new ProcessBuilder(java, option, "-cp", classPath, "dev.vmplane.Main", command);
        builder.environment().put("VMPLANE_SERVER", server.url());
        var process = builder.redirectErrorStream(true).start();
        var text = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
        return text;
    }
}
