package dev.vmplane.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.model.WarmPool.Mode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WarmPoolTest {
    @ParameterizedTest(name = "{0}..{1} {2} and {3}..{4} {5}: {6}..{7} {8}")
    @CsvSource({
        "1, 1, RUNNING, 0, 3, RUNNING, 1, 3, RUNNING",
        "1, 1, PAUSED, 0, 3, PAUSED, 1, 3, PAUSED",
        "1, 1, PAUSED, 0, 3, RUNNING, 1, 3, RUNNING",
        "1, 1, PAUSED, 0, 0, RUNNING, 1, 1, PAUSED",
        "0, 0, PAUSED, 1, 1, RUNNING, 1, 1, RUNNING",
        "0, 0, PAUSED, 0, 0, PAUSED, 0, 0, RUNNING"
    })
    void twoJobsOfOnePoolGetWhatServesBoth(
            int min, int max, Mode mode, int otherMin, int otherMax, Mode otherMode, int least, int most, Mode both) {
        var one = new WarmPool(min, max, mode);
        var other = new WarmPool(otherMin, otherMax, otherMode);

        assertThat(one.union(other)).isEqualTo(new WarmPool(least, most, both));
        assertThat(other.union(one)).isEqualTo(one.union(other));
    }
}
