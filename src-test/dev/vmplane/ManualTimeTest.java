package dev.vmplane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.model.Time;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import io.vertx.junit5.VertxTestContext;
import java.time.Duration;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(VertxExtension.class)
class ManualTimeTest {
    private final ManualTime time = new ManualTime();

    @Test
    void alarmsRingInTheOrderTheyAreDueIncludingThoseSetOnTheWay() {
        var rung = new ArrayList<String>();
        time.after(Duration.ofSeconds(3), () -> rung.add("third"));
        time.after(Duration.ofSeconds(1), () -> {
            rung.add("first");
            time.after(Duration.ofSeconds(1), () -> rung.add("second"));
        });
        time.after(Duration.ofSeconds(4), () -> rung.add("not yet"));

        time.advance(Duration.ofSeconds(3));

        assertThat(rung).containsExactly("first", "second", "third");
        assertThat(time.pending()).isEqualTo(1);
    }

    @Test
    void aCancelledAlarmDoesNotRing() {
        var rung = new ArrayList<String>();
        Time.Alarm alarm = time.after(Duration.ofSeconds(1), () -> rung.add("cancelled"));
        alarm.cancel();

        time.advance(Duration.ofSeconds(2));

        assertThat(rung).isEmpty();
    }

    @Test
    void anAlarmRingsOnTheContextItWasSetOn(Vertx vertx, VertxTestContext test) {
        var context = vertx.getOrCreateContext();
        context.runOnContext(entered -> {
            time.after(Duration.ofSeconds(1), () -> seenOn(context, test));
            time.advance(Duration.ofSeconds(1));
        });
    }

    private static void seenOn(Context expected, VertxTestContext test) {
        test.verify(() -> assertThat(Vertx.currentContext()).isSameAs(expected));
        test.completeNow();
    }
}
