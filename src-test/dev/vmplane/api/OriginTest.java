package dev.vmplane.api;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OriginTest {

    @Test
    void whoeverIsNoBrowserMayAsk() {
        assertThat(Origin.isOurs(null, "localhost:8088")).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "http://localhost:8088, localhost:8088",
        "http://LOCALHOST:8088, localhost:8088",
        "http://plane.example.org, plane.example.org",
        "https://plane.example.org, plane.example.org:443",
        "http://[::1]:8088, '[::1]:8088'"
    })
    void aPageOfThisServerMayAsk(String origin, String host) {
        assertThat(Origin.isOurs(origin, host)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "http://evil.example.org, localhost:8088",
        "http://localhost:9000, localhost:8088",
        "http://localhost, localhost:8088",
        "http://localhost:8088.evil.org, localhost:8088",
        "http://localhost:8088@evil.org, localhost:8088",
        "null, localhost:8088",
        "'', localhost:8088",
        "file://, localhost:8088",
        "http://localhost:8088,"
    })
    void aPageOfAnotherMayNot(String origin, String host) {
        assertThat(Origin.isOurs(origin, host)).isFalse();
    }
}
