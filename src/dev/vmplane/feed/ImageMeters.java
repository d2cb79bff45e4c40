package dev.vmplane.feed;

import dev.vmplane.metric.Timers;
import dev.vmplane.model.Changes;
import dev.vmplane.model.Image;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** What the rows of images tell: how many there are, what they take, and how their pulls went. */
final class ImageMeters {
    private final Map<String, Image> images = new HashMap<>();
    /** When pulls began, by digest, of those that were seen to begin. */
    private final Map<String, Instant> pulling = new HashMap<>();

    private final Map<Image.State, AtomicInteger> byState = new EnumMap<>(Image.State.class);
    private final AtomicLong bytes = new AtomicLong();
    private final Timer pullTime;
    private final Counter ready;
    private final Counter failed;

    ImageMeters(MeterRegistry registry) {
        for (var state : Image.State.values()) {
            var count = new AtomicInteger();
            byState.put(state, count);
            Gauge.builder("vmplane.images", count, AtomicInteger::get)
                    .description("container images")
                    .tag("state", state.name().toLowerCase(Locale.ROOT))
                    .register(registry);
        }
        Gauge.builder("vmplane.images.size", bytes, AtomicLong::get)
                .description("what the root file systems of images take")
                .baseUnit("bytes")
                .register(registry);
        pullTime = Timers.slow("vmplane.image.pull", "from the wish for an image, or its next try, to ready")
                .register(registry);
        ready = pulls(registry, "ready");
        failed = pulls(registry, "failed");
    }

    private static Counter pulls(MeterRegistry registry, String outcome) {
        return Counter.builder("vmplane.image.pulls")
                .description("attempts to fetch an image that have come to an end")
                .tag("outcome", outcome)
                .register(registry);
    }

    /** A row that was there before anything was counted. */
    void place(Image image) {
        put(image);
    }

    /** Rows that changed in a commit made {@code at}. */
    void count(Changes changes, Instant at) {
        for (var image : changes.images()) {
            var before = put(image);
            if (before == null || before.state() != image.state() || image.failures() > before.failures()) {
                enter(image, at);
            }
        }
        for (var gone : changes.imagesGone()) {
            leave(images.remove(gone.digest()));
            pulling.remove(gone.digest());
        }
    }

    private void enter(Image image, Instant at) {
        if (image.state() == Image.State.PULLING) {
            pulling.put(image.digest(), at);
            return;
        }
        var began = pulling.remove(image.digest());
        if (image.state() == Image.State.READY) {
            ready.increment();
            if (began != null) {
                pullTime.record(Duration.between(began, at));
            }
        } else if (image.state() == Image.State.FAILED) {
            failed.increment();
        }
    }

    private Image put(Image image) {
        var before = images.put(image.digest(), image);
        leave(before);
        byState.get(image.state()).incrementAndGet();
        bytes.addAndGet(image.bytes());
        return before;
    }

    private void leave(Image before) {
        if (before != null) {
            byState.get(before.state()).decrementAndGet();
            bytes.addAndGet(-before.bytes());
        }
    }
}
