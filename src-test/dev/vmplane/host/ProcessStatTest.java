package dev.vmplane.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ProcessStatTest {

    @ParameterizedTest
    @ValueSource(strings = {"qemu", "a b", ")", ") R 9 9 9", "(((", "x) Z"})
    void theNameOfACommandMayHoldAnything(String name) {
        assertThat(ProcessStat.parse(line(name, 'S', 3))).isEqualTo(new ProcessStat('S', 4711, 3, 987654));
    }

    @ParameterizedTest
    @CsvSource({"Z,1,true", "Z,0,true", "Z,2,false", "X,1,true", "S,1,false", "R,1,false", "T,1,false", "D,1,false"})
    void aProcessIsOverWhenItsLastThreadIs(char state, int threads, boolean over) {
        assertThat(ProcessStat.parse(line("qemu", state, threads)).over()).isEqualTo(over);
    }

    @Test
    void anUnknownFormIsRefused() {
        assertThatThrownBy(() -> ProcessStat.parse("4711 (qemu) S 1 2"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("process table cannot be read: unknown form of a line");
    }

    private static String line(String name, char state, int threads) {
        return "4711 (" + name + ") " + state + " 1 4711 4711 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 " + threads
                + " 0 987654 1048576 512 18446744073709551615\n";
    }
}
