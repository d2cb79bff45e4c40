package dev.vmplane.api;

import static dev.vmplane.Samples.NOW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmplane.model.LogLine.Stream;
import dev.vmplane.model.RefusedException;
import io.vertx.core.MultiMap;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LogQueryTest {

    @Test
    void whoAsksForNothingGetsTheProgramsWholeOutputAndNoMore() {
        var query = query();

        assertThat(query.follow()).isFalse();
        assertThat(query.tail()).isNull();
        assertThat(query.since()).isNull();
        assertThat(query.streams()).containsExactly(Stream.STDOUT, Stream.STDERR);
        assertThat(query.form()).isEqualTo(LogQuery.Form.TEXT);
    }

    @ParameterizedTest
    @CsvSource({"90s, 90", "10m, 600", "1h30m, 5400", "2d, 172800", "0s, 0"})
    void aTimeCanBeSoLongAgo(String text, long seconds) {
        assertThat(query("since", text).since()).isEqualTo(NOW.minus(Duration.ofSeconds(seconds)));
    }

    @Test
    void aTimeCanBeATime() {
        assertThat(query("since", "2026-01-01T01:00:00+01:00").since())
                .isEqualTo(Instant.parse("2026-01-01T00:00:00Z"));
    }

    @Test
    void streamsAreNamed() {
        assertThat(query("stream", "guest,kernel").streams()).containsExactly(Stream.KERNEL, Stream.GUEST);
    }

    @Test
    void aBareFollowFollows() {
        assertThat(query("follow", "").follow()).isTrue();
    }

    @Test
    void whatABrowserBringsBackGoesBeforeTheQuery() {
        var parameters = MultiMap.caseInsensitiveMultiMap().add("after", "1");

        var query = LogQuery.of(parameters, "text/event-stream", "7,vm-a:3", NOW);

        assertThat(query.after().text()).isEqualTo("7,vm-a:3");
        assertThat(query.form()).isEqualTo(LogQuery.Form.EVENTS);
    }

    @ParameterizedTest
    @CsvSource({
        "follow, yes",
        "tail, -1",
        "tail, 100001",
        "tail, many",
        "since, ''",
        "since, yesterday",
        "since, 10",
        "stream, ''",
        "stream, 'stdout,'",
        "stream, STDOUT",
        "after, vm-a",
        "timestamps, 1"
    })
    void whatIsWrongIsRefusedByName(String name, String value) {
        assertThatThrownBy(() -> query(name, value)).isInstanceOfSatisfying(RefusedException.class, refused -> {
            assertThat(refused.refusal().field()).isEqualTo(name);
            assertThat(refused.refusal().code()).isEqualTo("bad_query");
        });
    }

    private static LogQuery query(String... parameters) {
        var map = MultiMap.caseInsensitiveMultiMap();
        for (int n = 0; n < parameters.length; n += 2) {
            map.add(parameters[n], parameters[n + 1]);
        }
        return LogQuery.of(map, null, null, NOW);
    }
}
