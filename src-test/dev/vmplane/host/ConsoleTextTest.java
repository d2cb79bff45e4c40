package dev.vmplane.host;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.model.GuestExit;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ConsoleTextTest {
    private static final String STARTED = "vmplane-guest: started pid=1 uptime_ms=900\r\n";

    @Test
    void theStartIsFoundWhereverTheReadsCutIt() {
        for (int cut = 0; cut < STARTED.length(); cut++) {
            var text = new ConsoleText();

            boolean seen = text.started(bytes("[    0.9] kernel\r\n" + STARTED.substring(0, cut)));
            seen |= text.started(bytes(STARTED.substring(cut)));

            assertThat(seen).as("cut at %d", cut).isTrue();
        }
    }

    @Test
    void theStartIsFoundWhenItComesByteByByte() {
        var text = new ConsoleText();
        int seen = 0;
        for (int i = 0; i < STARTED.length(); i++) {
            seen += text.started(bytes(STARTED.substring(i, i + 1))) ? 1 : 0;
        }
        assertThat(seen).isEqualTo(1);
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3})
    void garbageIsNoSignAndHidesNone(long seed) {
        var garbage = new byte[200_000];
        new Random(seed).nextBytes(garbage);
        var text = new ConsoleText();

        assertThat(text.started(garbage)).isFalse();
        assertThat(text.started(bytes("\n" + STARTED))).isTrue();
        assertThat(ConsoleText.end(garbage, false)).isEqualTo(GuestEnd.UNKNOWN);
    }

    @ParameterizedTest
    @MethodSource("ends")
    void theLastExitLineCounts(String end, GuestExit exit) {
        assertThat(ConsoleText.end(bytes(end), false).exit()).isEqualTo(exit);
    }

    static Stream<Arguments> ends() {
        return Stream.of(
                Arguments.of("", GuestExit.UNKNOWN),
                Arguments.of("vmplane-guest: exit status=0\r\n", new GuestExit(0, null)),
                Arguments.of(
                        "vmplane-guest: exit status=255\r\n[  3.1] reboot: Power down\r\n", new GuestExit(255, null)),
                Arguments.of("vmplane-guest: exit signal=9\r\n", new GuestExit(null, 9)),
                Arguments.of(
                        "vmplane-guest: exit status=1\r\nvmplane-guest: exit signal=15\n", new GuestExit(null, 15)),
                Arguments.of("vmplane-guest: exit status=1\r\nvmplane-guest: exit signal=1", new GuestExit(1, null)),
                Arguments.of("no newvmplane-guest: exit status=3\r\n", GuestExit.UNKNOWN),
                Arguments.of("17 o vmplane-guest: exit status=3\n", GuestExit.UNKNOWN),
                Arguments.of("17 o x\rvmplane-guest: exit status=3\n", GuestExit.UNKNOWN),
                Arguments.of("vmplane-guest: exit status=3 or so\n", GuestExit.UNKNOWN),
                Arguments.of("vmplane-guest: exit status=\r\n", GuestExit.UNKNOWN),
                Arguments.of("vmplane-guest: exit status=-1\r\n", GuestExit.UNKNOWN),
                Arguments.of("vmplane-guest: exit status=99999999999999999999\r\n", GuestExit.UNKNOWN),
                Arguments.of("exit status=0\r\n", GuestExit.UNKNOWN));
    }

    @Test
    void aLineIsNotTheGuestProgramsWhenItsBeginningIsNotThere() {
        var end = bytes("vmplane-guest: exit status=0\n17 o x\n");

        assertThat(ConsoleText.end(end, true)).isEqualTo(GuestEnd.UNKNOWN);
    }

    @Test
    void aProgramCannotSayThatItWasStarted() {
        assertThat(new ConsoleText().started(bytes("17 o " + STARTED))).isFalse();
    }

    @ParameterizedTest
    @MethodSource("reasons")
    void whyTheProgramCouldNotRunIsToldUnlessItRan(String end, String cannot) {
        assertThat(ConsoleText.end(bytes(end), false).cannot()).isEqualTo(cannot);
    }

    static Stream<Arguments> reasons() {
        var module = "vmplane-guest: cannot load module x: no\n";
        var become = "vmplane-guest: cannot become web: there is no such user\r\n";
        return Stream.of(
                Arguments.of(become + "vmplane-guest: exit status=126\n", "cannot become web: there is no such user"),
                Arguments.of(module + become, "cannot become web: there is no such user"),
                Arguments.of(become + "17 k reboot: Power down\n", "cannot become web: there is no such user"),
                Arguments.of(module + STARTED + "vmplane-guest: exit status=1\n", null),
                Arguments.of(module + "17 e oh\nvmplane-guest: exit status=1\n", null),
                Arguments.of("vmplane-guest: cannot \u001b[31m\n", "cannot ?[31m"),
                Arguments.of("vmplane-guest: cannot " + "x".repeat(3000) + "\n", "cannot " + "x".repeat(293)),
                Arguments.of("17 o cannot\n", null),
                Arguments.of("", null));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(ISO_8859_1);
    }
}
