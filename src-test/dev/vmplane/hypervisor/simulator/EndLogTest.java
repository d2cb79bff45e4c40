package dev.vmplane.hypervisor.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class EndLogTest {
    private final EndLog log = new EndLog(3);

    @Test
    void aWatcherHearsOfEveryEndSinceItLastAsked() {
        LongStream.of(11, 12, 13).forEach(log::add);

        assertThat(log.since(1)).hasValueSatisfying(ended -> assertThat(ended).containsExactly(12L, 13L));
    }

    @Test
    void aWatcherThatHasHeardEverythingHearsOfNothing() {
        log.add(11);

        assertThat(log.since(1)).hasValueSatisfying(ended -> assertThat(ended).isEmpty());
    }

    @Test
    void aWatcherThatWasAwayTooLongIsToldSo() {
        LongStream.range(0, 5).forEach(log::add);

        assertThat(log.since(1)).isEmpty();
        assertThat(log.since(2)).isPresent();
    }

    @Test
    void aWatcherOfAnotherSimulatorIsToldSo() {
        log.add(11);

        assertThat(log.since(2)).isEmpty();
    }
}
