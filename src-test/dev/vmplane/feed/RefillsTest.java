package dev.vmplane.feed;

import static dev.vmplane.Samples.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RefillsTest {
    private final Refills refills = new Refills();

    @Test
    void theNextWarmVmFillsTheOldestGapOfItsHash() {
        refills.taken("red", NOW);
        refills.taken("red", NOW.plusSeconds(1));
        refills.taken("blue", NOW);

        assertThat(refills.filled("red", NOW.plusSeconds(5))).contains(Duration.ofSeconds(5));
        assertThat(refills.filled("red", NOW.plusSeconds(7))).contains(Duration.ofSeconds(6));
        assertThat(refills.filled("blue", NOW.plusSeconds(2))).contains(Duration.ofSeconds(2));
    }

    @Test
    void aVmThatFillsNoGapTellsNothing() {
        assertThat(refills.filled("red", NOW)).isEmpty();
    }

    @Test
    void aGapThatNobodyFilledForAnHourIsNone() {
        refills.taken("red", NOW);
        refills.taken("red", NOW.plusSeconds(3590));

        assertThat(refills.filled("red", NOW.plusSeconds(3601))).contains(Duration.ofSeconds(11));
        assertThat(refills.filled("red", NOW.plusSeconds(3601))).isEmpty();
    }

    @Test
    void gapsAreRememberedOfSoManyHashesAndNoMore() {
        IntStream.rangeClosed(0, 1000).forEach(hash -> refills.taken("hash-" + hash, NOW));

        assertThat(refills.filled("hash-0", NOW)).isEmpty();
        assertThat(refills.filled("hash-1", NOW)).isPresent();
    }

    @Test
    void ofOneHashOnlyTheLastGapsAreRemembered() {
        IntStream.rangeClosed(0, 100).forEach(second -> refills.taken("red", NOW.plusSeconds(second)));

        assertThat(refills.filled("red", NOW.plusSeconds(101))).contains(Duration.ofSeconds(100));
    }
}
