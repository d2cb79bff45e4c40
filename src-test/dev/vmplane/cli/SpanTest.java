package dev.vmplane.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SpanTest {
    @ParameterizedTest
    @CsvSource({"30, PT30S", "30s, PT30S", "10m, PT10M", "1h30m, PT1H30M", "7d, PT168H"})
    void timesAreReadAsPeopleWriteThem(String written, Duration length) {
        assertThat(Span.of("--timeout", written)).isEqualTo(length);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "s", "-1s", "1.5h", "10x", "1h 2m"})
    void whatIsNoTimeIsRefused(String written) {
        assertThatThrownBy(() -> Span.of("--timeout", written)).hasMessageStartingWith("--timeout cannot be");
    }

    @ParameterizedTest
    @CsvSource({"0, 0s", "-5, 0s", "59, 59s", "60, 1m", "3600, 1h", "172800, 2d"})
    void agesAreShownInTheirLargestUnit(long seconds, String shown) {
        var now = Instant.EPOCH.plusSeconds(10_000_000);

        assertThat(Span.since(now.minusSeconds(seconds), now)).isEqualTo(shown);
    }
}
