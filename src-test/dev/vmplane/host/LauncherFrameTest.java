package dev.vmplane.host;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class LauncherFrameTest {

    @Test
    void whatIsPackedIsUnderstood() {
        var fields = List.of("1", "start", "", "ein süßer Pfad");

        var frame = LauncherFrame.of(fields);

        assertThat(LauncherFrame.length(Arrays.copyOf(frame, LauncherFrame.HEADER_BYTES)))
                .isEqualTo(frame.length - LauncherFrame.HEADER_BYTES);
        assertThat(LauncherFrame.fields(Arrays.copyOfRange(frame, LauncherFrame.HEADER_BYTES, frame.length)))
                .isEqualTo(fields);
    }

    @ParameterizedTest
    @MethodSource("unspeakable")
    void whatTheLauncherWouldNotUnderstandIsRefused(List<String> fields) {
        assertThatThrownBy(() -> LauncherFrame.of(fields)).isInstanceOf(IllegalArgumentException.class);
    }

    static Stream<List<String>> unspeakable() {
        return Stream.of(
                List.of(),
                List.of("1", "a\0b"),
                Collections.nCopies(513, "x"),
                List.of("x".repeat(LauncherFrame.MAX_BYTES)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "ok"})
    void anAnswerThatDoesNotEndIsRefused(String body) {
        assertThatThrownBy(() -> LauncherFrame.fields(body.getBytes(UTF_8)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void anAnswerOfAnImpossibleLengthIsRefused() {
        for (var header : List.of(new byte[4], new byte[] {0, 1, 0, 1}, new byte[] {-1, -1, -1, -1})) {
            assertThatThrownBy(() -> LauncherFrame.length(header)).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
