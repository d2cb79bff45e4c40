package dev.vmplane.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class WakesTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final Key WEB = new Key.Job("web");
    private static final Key RED = new Key.Pool("red");

    private final Wakes wakes = new Wakes();

    @Test
    void withoutAWakeThereIsNothingToWaitFor() {
        assertThat(wakes.next()).isEmpty();
        assertThat(wakes.due(NOW)).isEmpty();
    }

    @Test
    void theEarliestOfAllIsNext() {
        add(WEB, 20);
        add(RED, 10);

        assertThat(wakes.next()).hasValue(NOW.plusSeconds(10));
    }

    @Test
    void aKeyIsDueAtItsTimeAndOnce() {
        add(WEB, 20);
        add(RED, 10);

        assertThat(wakes.due(NOW.plusSeconds(9))).isEmpty();
        assertThat(wakes.due(NOW.plusSeconds(10))).containsExactly(RED);
        assertThat(wakes.due(NOW.plusSeconds(30))).containsExactly(WEB);
        assertThat(wakes.due(NOW.plusSeconds(99))).isEmpty();
    }

    @Test
    void anEarlierWakeTakesThePlaceOfALaterOneOfTheSameKey() {
        add(WEB, 20);
        add(WEB, 10);

        assertThat(wakes.due(NOW.plusSeconds(10))).containsExactly(WEB);
        assertThat(wakes.next()).isEmpty();
    }

    @Test
    void aLaterWakeOfTheSameKeyIsNotNeeded() {
        add(WEB, 10);
        add(WEB, 20);

        assertThat(wakes.due(NOW.plusSeconds(10))).containsExactly(WEB);
        assertThat(wakes.next()).isEmpty();
    }

    @Test
    void keysOfOneInstantDoNotDisplaceEachOther() {
        add(WEB, 10);
        add(RED, 10);
        add(new Key.Job("red"), 10);

        assertThat(wakes.due(NOW.plusSeconds(10))).containsExactlyInAnyOrder(WEB, RED, new Key.Job("red"));
    }

    private void add(Key key, long seconds) {
        wakes.add(new Plan.Wake(key, NOW.plusSeconds(seconds)));
    }
}
