package dev.vmplane.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class DemandTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    @Test
    void nobodyAskingMeansNoDemand() {
        assertThat(Demand.none(NOW).expected(NOW.plusSeconds(3600))).isZero();
    }

    @Test
    void demandIsTheClaimsDuringOneBoot() {
        var demand = claims(60, NOW);

        // 60 claims within the memory of 30 s are 2 a second, and a boot is taken to last one second.
        assertThat(demand.expected(NOW)).isEqualTo(2);
    }

    @Test
    void slowerBootsNeedMoreWarmVms() {
        var demand = claims(60, NOW);
        for (var n = 0; n < 50; n++) {
            demand = demand.booted(Duration.ofSeconds(5), NOW);
        }

        assertThat(demand.expected(NOW)).isEqualTo(10);
    }

    @Test
    void oneSlowBootMovesTheEstimateByItsWeightOnly() {
        var demand = Demand.none(NOW).booted(Duration.ofSeconds(11), NOW);

        assertThat(demand.bootSeconds()).isEqualTo(4.0);
    }

    @Test
    void demandFades() {
        var demand = claims(300, NOW);

        assertThat(demand.expected(NOW)).isEqualTo(10);
        assertThat(demand.expected(NOW.plus(Demand.MEMORY))).isEqualTo(4);
        assertThat(demand.expected(NOW.plus(Demand.MEMORY.multipliedBy(10)))).isZero();
    }

    @Test
    void aClockThatGoesBackDoesNotRaiseTheDemand() {
        var demand = claims(300, NOW);

        assertThat(demand.expected(NOW.minusSeconds(600))).isEqualTo(demand.expected(NOW));
    }

    private static Demand claims(int count, Instant at) {
        var demand = Demand.none(at);
        for (var n = 0; n < count; n++) {
            demand = demand.claimed(at);
        }
        return demand;
    }
}
