package dev.vmplane.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code vmplane exec -it} in a process of its own at a terminal of its own, which {@code script} of util-linux makes. */
@Timeout(30)
class HostTerminalTest {
    private final ScriptedServer server = new ScriptedServer();
    private Process process;

    @AfterEach
    void stop() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        server.close();
    }

    @Test
    void keysGoToTheGuestSizesFollowAndTheTerminalIsLeftAsItWas(@TempDir Path dir) throws Exception {
        var tty = dir.resolve("tty");
        var guest = new GuestProgram((program, heard) -> {
            switch (heard) {
                case "start" -> program.stdout("ready\r\n");
                case "stdin \u0003" -> resize(tty);
                case "stdin q" -> program.end("{'status':7}");
                default -> {
                    if (heard.startsWith("resize ")) {
                        program.stdout("resized\r\n");
                    }
                }
            }
        });
        server.answers("GET /vms/web-1", 200, "{'job_id':'web-1','spec':{'replicas':1},'status':{}}")
                .handles("GET /vms/web-1/exec?cmd=sh&env=TERM%3Dxterm&tty=true&rows=30&cols=100", guest);

        process = script(
                dir,
                "tty >" + tty + "; stty rows 30 cols 100; stty -a >before; " + vmplane()
                        + " exec -it web-1 sh; status=$?; stty -a >after; exit $status");
        var screen = new Screen(process);
        screen.awaitLine("ready");
        screen.type("\u0003");
        screen.awaitLine("resized");
        screen.type("q");

        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(7);
        assertThat(guest.heard())
                .contains("start", "stdin \u0003", "stdin q")
                .anySatisfy(heard -> assertThat(heard).contains("\"rows\":40", "\"cols\":120"));
        assertThat(withoutSize(dir.resolve("after"))).isEqualTo(withoutSize(dir.resolve("before")));
    }

    private Process script(Path dir, String command) throws IOException {
        var builder = new ProcessBuilder("script", "--quiet", "--return", "--flush", "--command", command, "/dev/null")
                .directory(dir.toFile())
                .redirectErrorStream(true);
        builder.environment().put("VMPLANE_SERVER", server.url());
        builder.environment().put("TERM", "xterm");
        builder.environment().put("SHELL", "/bin/sh");
        return builder.start();
    }

    private static String vmplane() {
        var java = Path.of(System.getProperty("java.home"), "bin", "java");
        return java + " -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp '" + absoluteClassPath() + "' dev.vmplane.Main";
    }

    private static String absoluteClassPath() {
        var entries = System.getProperty("java.class.path").split(":", -1);
        return String.join(
                ":",
                List.of(entries).stream()
                        .map(entry -> Path.of(entry).toAbsolutePath().toString())
                        .toList());
    }

    private static void resize(Path tty) {
        try {
            var stty = new ProcessBuilder("stty", "-F", Files.readString(tty).strip(), "rows", "40", "cols", "120");
            assertThat(stty.inheritIO().start().waitFor()).isZero();
        } catch (IOException | InterruptedException failure) {
            throw new AssertionError(failure);
        }
    }

    /** Size and speed stand in the first line, and the size was changed on purpose. */
    private static String withoutSize(Path settings) throws IOException {
        var lines = Files.readAllLines(settings);
        return String.join("\n", lines.subList(1, lines.size()));
    }

    /** What a person at that terminal sees and types. */
    private record Screen(Process process) {
        void type(String keys) throws IOException {
            process.getOutputStream().write(keys.getBytes(UTF_8));
            process.getOutputStream().flush();
        }

        void awaitLine(String wanted) throws IOException {
            var seen = new StringBuilder();
            for (int read = process.getInputStream().read();
                    read >= 0;
                    read = process.getInputStream().read()) {
                seen.append((char) read);
                if (seen.toString().endsWith(wanted + "\r\n")) {
                    return;
                }
            }
            throw new AssertionError("'" + wanted + "' was never seen: " + seen);
        }
    }
}
