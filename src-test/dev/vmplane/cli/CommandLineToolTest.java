package dev.vmplane.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The words of the command line, with commands that only write down what they were called with. */
@ResourceLock(Resources.SYSTEM_OUT)
@ResourceLock(Resources.SYSTEM_ERR)
class CommandLineToolTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final PrintStream realOut = System.out;
    private final PrintStream realErr = System.err;
    private final List<String> called = new ArrayList<>();
    private Function<Path, Integer> serve = config -> call("serve", config);

    @BeforeEach
    void listen() {
        System.setOut(new PrintStream(out, true, UTF_8));
        System.setErr(new PrintStream(err, true, UTF_8));
    }

    @AfterEach
    void stopListening() {
        System.setOut(realOut);
        System.setErr(realErr);
    }

    @Test
    void serveRunsWithItsUsualConfiguration() {
        assertThat(run("serve")).isZero();
        assertThat(called).containsExactly("serve conf/vmplane.yaml");
    }

    @Test
    void serveRunsWithTheConfigurationItIsGiven() {
        assertThat(run("serve", "--config", "other.yaml")).isZero();
        assertThat(called).containsExactly("serve other.yaml");
    }

    @Test
    void theSimulatorRunsInTheStateDirectoryItIsGiven() {
        assertThat(run("simulator", "--state-dir", "state")).isZero();
        assertThat(called).containsExactly("simulator state");
    }

    @Test
    void theStatusOfACommandIsTheStatusOfTheProgram() {
        serve = config -> 1;

        assertThat(run("serve")).isEqualTo(1);
    }

    @Test
    void aCommandThatThrowsHasFailed() {
        serve = config -> {
            throw new IllegalStateException("a defect");
        };

        assertThat(run("serve")).isEqualTo(1);
    }

    @Test
    void withoutACommandTheProgramAsksForOne() {
        assertThat(run()).isEqualTo(2);
        assertThat(err.toString(UTF_8)).startsWith("Say which command.").contains("serve", "simulator");
    }

    @ParameterizedTest
    @ValueSource(strings = {"dance", "--dance"})
    void aWordThatIsNotKnownIsNamed(String word) {
        assertThat(run(word)).isEqualTo(2);
        assertThat(err.toString(UTF_8)).contains(word);
        assertThat(called).isEmpty();
    }

    @Test
    void anOptionWithoutItsValueIsNotUnderstood() {
        assertThat(run("serve", "--config")).isEqualTo(2);
        assertThat(called).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"--help", "help"})
    void helpNamesTheCommands(String word) {
        assertThat(run(word)).isZero();
        assertThat(out.toString(UTF_8)).contains("Usage: vmplane", "serve", "simulator");
        assertThat(err.toString(UTF_8)).isEmpty();
    }

    @Test
    void helpForACommandNamesItsOptionsAndDoesNotRunIt() {
        assertThat(run("serve", "--help")).isZero();
        assertThat(out.toString(UTF_8)).contains("--config=FILE", "conf/vmplane.yaml");
        assertThat(called).isEmpty();
    }

    @Test
    void theVersionIsTold() {
        assertThat(run("--version")).isZero();
        assertThat(out.toString(UTF_8)).startsWith("vmplane ");
    }

    private int run(String... words) {
        return CommandLineTool.run(
                words, config -> serve.apply(config), stateDir -> call("simulator", stateDir), () -> Instant.EPOCH);
    }

    private int call(String command, Path path) {
        called.add(command + " " + path);
        return 0;
    }
}
