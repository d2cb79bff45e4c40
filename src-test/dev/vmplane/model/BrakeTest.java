package dev.vmplane.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BrakeTest {
    private static final Brake BRAKE = new Brake(50, 5);

    @ParameterizedTest(name = "{0} removals among {1} that run")
    @CsvSource({
        "0, 0, false",
        "5, 0, false",
        "6, 0, true",
        "5, 5, false",
        "6, 11, true",
        "6, 12, false",
        "50, 100, false",
        "51, 100, true",
        "1000000000, 2000000000, false",
        "1000000001, 2000000000, true"
    })
    void aShareOfWhatRunsMayGoAtOnceAndAlwaysAFew(int removals, int running, boolean held) {
        assertThat(BRAKE.holds(removals, running)).isEqualTo(held);
    }
}
