package dev.vmplane.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SpecDocumentTest {
    private static final int SPECS = 200;
    /** What an image says that a whole spec does not need any more. */
    private static final ImageConfig OTHER =
            new ImageConfig(List.of("/entry"), List.of("serve"), Map.of(), null, null, null, List.of(9));

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void whatIsWrittenIsReadBackAsAnEqualSpec(long seed) {
        var specs = new RandomSpecs(seed);
        for (int count = 0; count < SPECS; count++) {
            var spec = specs.next();

            var read = SpecDocument.read(SpecDocument.of(spec));

            assertThat(read).isEqualTo(spec);
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void aShownSpecMayBeSentAgainAndChangesNothing(long seed) {
        var role = Map.<String, Object>of("cmd", List.of("/other"), "health", Map.of("http", "/role"), "port", 1);
        var reader = new SpecReader(new SpecReader.Defaults("vmlinux", "rootfs.ext4"), Map.of("web", role));
        var specs = new RandomSpecs(seed);
        for (int count = 0; count < SPECS; count++) {
            var spec = specs.next();

            var wish = reader.read(
                    Map.of("job_id", "a", "tenant", RandomSpecs.TENANT, "spec", SpecDocument.of(spec)),
                    spec.image() == null ? null : new PinnedImage(spec.image(), OTHER));

            assertThat(wish.spec()).isEqualTo(spec);
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void aBootIsReadBackByItself(long seed) {
        var specs = new RandomSpecs(seed);
        for (int count = 0; count < SPECS; count++) {
            var boot = specs.next().boot();

            var read = BootDocument.read(BootDocument.of(boot));

            assertThat(read).isEqualTo(boot);
        }
    }

    @Test
    void aWrittenSpecOutlivesItsRole() {
        var reader = new SpecReader(
                new SpecReader.Defaults("vmlinux", "rootfs.ext4"), Map.of("web", Map.of("cmd", List.of("/app"))));
        var spec = reader.read(Map.of("job_id", "a", "spec", Map.of("role", "web")))
                .spec();

        var read = SpecDocument.read(SpecDocument.of(spec));

        assertThat(read).isEqualTo(spec);
    }

    static LongStream seeds() {
        return LongStream.rangeClosed(1, 5);
    }
}
