package dev.vmplane.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class HealthWatchTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final Duration GRACE = Duration.ofSeconds(15);

    @Test
    void twoFailuresAreNoIllness() {
        assertThat(failures(2).sick()).isFalse();
    }

    @Test
    void threeFailuresInARowAre() {
        assertThat(failures(3).sick()).isTrue();
    }

    @Test
    void aPassBetweenFailuresStartsTheRowAfresh() {
        assertThat(failures(2).after(true, NOW).after(false, NOW).sick()).isFalse();
    }

    @Test
    void aSickGuestThatPassesIsWell() {
        assertThat(failures(5).after(true, NOW)).isEqualTo(HealthWatch.WELL);
    }

    @Test
    void anIllnessCountsFromTheFailureItWasSeenAt() {
        var watch = failures(3).after(false, NOW.plusSeconds(10));

        assertThat(watch.sickSince()).isEqualTo(NOW);
    }

    @Test
    void aSickGuestIsLostWhenItsGraceHasPassedAndNotBefore() {
        assertThat(failures(3).lost(GRACE, NOW.plus(GRACE).minusNanos(1))).isFalse();
        assertThat(failures(3).lost(GRACE, NOW.plus(GRACE))).isTrue();
    }

    @Test
    void aWellGuestIsNeverLost() {
        assertThat(failures(2).lost(Duration.ZERO, NOW.plus(GRACE))).isFalse();
    }

    @Test
    void anIllnessThatWasSeenByAnotherIsOne() {
        assertThat(HealthWatch.sick(NOW).after(false, NOW).sick()).isTrue();
    }

    private static HealthWatch failures(int count) {
        var watch = HealthWatch.WELL;
        for (var n = 0; n < count; n++) {
            watch = watch.after(false, NOW);
        }
        return watch;
    }
}
