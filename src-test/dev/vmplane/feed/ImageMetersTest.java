package dev.vmplane.feed;

import static dev.vmplane.Samples.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.model.Changes;
import dev.vmplane.model.Image;
import dev.vmplane.model.ImageConfig;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ImageMetersTest {
    private static final String DIGEST = "sha256:" + "0".repeat(64);

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final ImageMeters meters = new ImageMeters(registry);

    @Test
    void everyAttemptIsCountedAndTheOneThatArrivesIsTimed() {
        commit(image(Image.State.PULLING, 0, 0), NOW);
        commit(image(Image.State.FAILED, 0, 1), NOW.plusSeconds(2));
        commit(image(Image.State.PULLING, 0, 1), NOW.plusSeconds(10));
        commit(image(Image.State.PULLING, 0, 1), NOW.plusSeconds(11));
        commit(image(Image.State.READY, 4096, 0), NOW.plusSeconds(15));

        assertThat(registry.scrape())
                .contains("vmplane_image_pulls_total{outcome=\"failed\"} 1.0")
                .contains("vmplane_image_pulls_total{outcome=\"ready\"} 1.0")
                .contains("vmplane_image_pull_seconds_sum 5.0")
                .contains("vmplane_images{state=\"ready\"} 1.0")
                .contains("vmplane_images_size_bytes 4096.0");
    }

    @Test
    void anImageThatIsGoneIsCountedNoMore() {
        meters.place(image(Image.State.READY, 4096, 0));

        meters.count(
                new Changes(
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(image(Image.State.DELETING, 4096, 0)),
                        List.of(),
                        List.of(),
                        List.of()),
                NOW);

        assertThat(registry.scrape())
                .contains("vmplane_images{state=\"ready\"} 0.0")
                .contains("vmplane_images_size_bytes 0.0");
    }

    private void commit(Image image, Instant at) {
        meters.count(
                new Changes(
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(image),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of()),
                at);
    }

    private static Image image(Image.State state, long bytes, int failures) {
        var trouble = failures == 0 ? null : "gone";
        return new Image(
                DIGEST,
                List.of("localhost/app:1"),
                new ImageConfig(List.of(), List.of(), Map.of(), null, null, null, List.of()),
                state,
                new Image.Progress(0, 0, 0, 0),
                bytes,
                trouble,
                failures,
                null,
                "node-1",
                NOW);
    }
}
