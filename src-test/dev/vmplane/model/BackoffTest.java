package dev.vmplane.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BackoffTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final Reason DIED = new Reason(ReasonCode.VMM_DIED, "gone");
    private static final Backoff BACKOFF =
            new Backoff(Duration.ofSeconds(10), Duration.ofSeconds(300), Duration.ofMinutes(10));

    @ParameterizedTest(name = "{0} failures in a row wait {1} s")
    @CsvSource({"1, 0", "2, 10", "3, 20", "4, 40", "5, 80", "6, 160", "7, 300", "8, 300", "1000000, 300"})
    void theWaitDoublesUpToItsMax(int failures, long seconds) {
        assertThat(BACKOFF.delay(failures)).isEqualTo(Duration.ofSeconds(seconds));
    }

    @Test
    void failuresInARowAreCountedFromTheFirstOfThem() {
        var first = after(null, "hash", Duration.ZERO, NOW);

        var second = after(first, "hash", Duration.ZERO, NOW.plusSeconds(3));

        assertThat(second.failures()).isEqualTo(2);
        assertThat(second.since()).isEqualTo(NOW);
        assertThat(second.nextTry()).isEqualTo(NOW.plusSeconds(13));
    }

    @Test
    void aLifeThatWasHealthyForLongWipesTheSlate() {
        var third = after(after(null, "hash", Duration.ZERO, NOW), "hash", Duration.ZERO, NOW);

        var next = after(third, "hash", Duration.ofMinutes(10), NOW.plusSeconds(700));

        assertThat(next.failures()).isEqualTo(1);
        assertThat(next.since()).isEqualTo(NOW.plusSeconds(700));
        assertThat(next.nextTry()).isEqualTo(NOW.plusSeconds(700));
    }

    @Test
    void aLifeThatWasNotHealthyForLongEnoughDoesNot() {
        var first = after(null, "hash", Duration.ZERO, NOW);

        var next = after(first, "hash", Duration.ofMinutes(10).minusMillis(1), NOW);

        assertThat(next.failures()).isEqualTo(2);
    }

    @Test
    void anotherHashStartsAfresh() {
        var second = after(after(null, "hash", Duration.ZERO, NOW), "hash", Duration.ZERO, NOW);

        var other = after(second, "other", Duration.ZERO, NOW);

        assertThat(other.failures()).isEqualTo(1);
        assertThat(other.specHash()).isEqualTo("other");
    }

    private static Retry after(Retry last, String hash, Duration healthyFor, Instant now) {
        return BACKOFF.after(last, "job/web/0", hash, healthyFor, now, DIED);
    }
}
