package dev.vmplane.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.model.Exec;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code vmplane exec} against a guest that the test plays. */
@Timeout(30)
class ExecCommandTest {
    private final ScriptedServer server = new ScriptedServer();
    private final CommandRig rig = new CommandRig(server);

    @BeforeEach
    void aJob() {
        server.answers("GET /vms/web-1", 200, "{'job_id':'web-1','spec':{'replicas':1},'status':{}}");
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void bothStreamsAndTheStatusAreTheProgramsOwn() {
        guest(
                "/vms/web-1/exec?cmd=ls&cmd=-l&cmd=a%20b",
                (guest, heard) -> {
                    if (heard.equals("start")) {
                        guest.stdout("a file\n");
                        guest.stderr("a warning\n");
                        guest.end("{'status':7}");
                    }
                });

        assertThat(rig.run("exec", "web-1", "ls", "-l", "a b")).isEqualTo(7);
        assertThat(rig.out()).isEqualTo("a file\n");
        assertThat(rig.err()).isEqualTo("a warning\n");
    }

    @Test
    void whatTheProgramIsGivenIsAsked() {
        rig.with("HERE", "1");
        guest(
                "/vms/web-1/exec?cmd=env&env=A%3D1%3D2&env=HERE%3D1&user=www%3A50&workdir=%2Fsrv&replica=2",
                ending("{'status':0}"));

        var status = rig.run(
                "exec",
                "-e",
                "A=1=2",
                "-e",
                "HERE",
                "-e",
                "NOWHERE",
                "-u",
                "www:50",
                "-w",
                "/srv",
                "--replica",
                "2",
                "web-1",
                "--",
                "env");

        assertThat(status).isZero();
    }

    @Test
    void inputGoesInAndEnds() {
        rig.typing("line 1\nline 2\n");
        var guest = guest("/vms/web-1/exec?cmd=cat", (program, heard) -> {
            if (heard.startsWith("stdin ")) {
                program.stdout(heard.substring("stdin ".length()));
            } else if (heard.equals("end")) {
                program.end("{'status':0}");
            }
        });

        assertThat(rig.run("exec", "-i", "web-1", "cat")).isZero();
        assertThat(rig.out()).isEqualTo("line 1\nline 2\n");
        assertThat(guest.heard()).containsExactly("start", "stdin line 1\nline 2\n", "end");
    }

    @Test
    void withoutInteractiveInputEndsAtOnce() {
        rig.typing("not for the guest");
        var guest = guest("/vms/web-1/exec?cmd=cat", ending("{'status':0}"));

        assertThat(rig.run("exec", "web-1", "cat")).isZero();
        assertThat(guest.heard()).containsExactly("start", "end");
    }

    @Test
    void aTerminalIsGivenWithItsSizeAndItsChangesAndLeftAsItWas() {
        var terminal = new FakeTerminal("ls\r\u0003");
        rig.at(terminal).with("TERM", "xterm");
        var guest = guest(
                "/vms/web-1/exec?cmd=sh&env=TERM%3Dxterm&tty=true&rows=24&cols=80",
                (program, heard) -> {
                    if (heard.startsWith("stdin ")) {
                        terminal.resize(50, 132);
                    } else if (heard.startsWith("resize ")) {
                        program.end("{'signal':2}");
                    }
                });

        assertThat(rig.run("exec", "-it", "web-1", "sh")).isEqualTo(130);
        assertThat(guest.heard())
                .contains("stdin ls\r\u0003")
                .anySatisfy(heard -> assertThat(heard).startsWith("resize ").contains("\"rows\":50", "\"cols\":132"));
        assertThat(terminal.acts).containsExactly("raw", "close");
    }

    @Test
    void aTerminalThatIsNotThereCannotBeGiven() {
        assertThat(rig.run("exec", "-it", "web-1", "sh")).isEqualTo(125);
        assertThat(rig.err()).contains("standard input is none", "Leave -t out.");
    }

    @ParameterizedTest
    @CsvSource({"not_found, 127", "not_executable, 126", "bad_user, 125"})
    void aProgramThatCannotBeRunHasTheStatusThatShellsHave(String code, int status) {
        guest("/vms/web-1/exec?cmd=x", ending("{'error':{'code':'" + code + "','detail':'x cannot be run'}}"));

        assertThat(rig.run("exec", "web-1", "x")).isEqualTo(status);
        assertThat(rig.err()).isEqualTo("vmplane: x cannot be run\n");
    }

    @Test
    void aRefusalIsTold() {
        server.refuses("GET /vms/web-1/exec?cmd=x", 409, "not_running", "job web-1 cannot run x: no VM of it runs");

        assertThat(rig.run("exec", "web-1", "x")).isEqualTo(125);
        assertThat(rig.err()).isEqualTo("vmplane: job web-1 cannot run x: no VM of it runs\n");
    }

    @Test
    void aConnectionThatIsLostIsNoEnd() {
        guest("/vms/web-1/exec?cmd=x", (program, heard) -> program.hangUp());

        assertThat(rig.run("exec", "web-1", "x")).isEqualTo(125);
        assertThat(rig.err()).contains("cannot be followed any more");
    }

    @Test
    void withoutAProgramThereIsNothingToRun() {
        assertThat(rig.run("exec", "web-1")).isEqualTo(125);
        assertThat(rig.err()).contains("CMD");
    }

    private GuestProgram guest(String path, BiConsumer<GuestProgram, String> script) {
        var guest = new GuestProgram(script);
        server.handles("GET " + path, guest);
        return guest;
    }

    /** Ends once its input has. */
    private static BiConsumer<GuestProgram, String> ending(String json) {
        return (program, heard) -> {
            if (heard.equals("end")) {
                program.end(json);
            }
        };
    }

    /** One of 24 rows, until it is another. */
    static final class FakeTerminal implements Terminal {
        final List<String> acts = new ArrayList<>();
        private final String typed;
        private volatile Exec.Terminal size = new Exec.Terminal(24, 80);
        private volatile Runnable resized = () -> {};

        FakeTerminal(String typed) {
            this.typed = typed;
        }

        void resize(int rows, int columns) {
            size = new Exec.Terminal(rows, columns);
            new Thread(resized).start();
        }

        @Override
        public Exec.Terminal size() {
            return size;
        }

        @Override
        public void raw() {
            acts.add("raw");
        }

        @Override
        public void onResize(Runnable task) {
            resized = task;
        }

        @Override
        public InputStream input() {
            return new ByteArrayInputStream(typed.getBytes(UTF_8));
        }

        @Override
        public void close() {
            acts.add("close");
        }
    }
}
