package dev.vmplane.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.model.Image;
import dev.vmplane.model.ImageReference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/** An image directory of its own, and what gets images into it. */
final class PullRig {
    static final long MEBI = 1024 * 1024;
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    final ImageFiles files;
    final List<Image.Progress> told = new ArrayList<>();
    final Pull pull;
    private final Path home;

    PullRig(Path home, RegistryServer registry) throws IOException {
        this(home, settings(registry), () -> 1 << 30);
    }

    PullRig(Path home, ImageSettings settings, LongSupplier freeBytes) throws IOException {
        this.home = home;
        this.files = new ImageFiles(home.resolve("images"), "db");
        files.prepare();
        this.pull = new Pull(files, settings, System.getenv("PATH"), freeBytes);
    }

    static ImageSettings settings(RegistryServer registry) {
        return new ImageSettings(
                2,
                Duration.ofSeconds(60),
                8 * MEBI,
                64 * MEBI,
                1000,
                1 << 30,
                null,
                List.of(),
                List.of(registry.name()),
                1_900_000_000);
    }

    /** Looks {@code reference} up and fetches what it means. */
    Image get(String reference) throws IOException {
        var image = row(reference);
        var made = pull.make(image, told::add, stop());
        assertThat(made.bytes()).isPositive().isLessThanOrEqualTo(Files.size(files.rootfs(image.digest())));
        return image;
    }

    /** As the store would have it. */
    Image row(String reference) throws IOException {
        var parsed = ImageReference.parse(reference);
        var found =
                parsed.kind() == ImageReference.Kind.ARCHIVE ? pull.take(parsed, stop()) : pull.find(parsed, stop());
        return row(found, reference);
    }

    Image row(Registry.Found found, String... references) {
        return new Image(
                found.digest(),
                List.of(references),
                found.document().config(),
                Image.State.PULLING,
                found.manifest().size(),
                0,
                null,
                0,
                null,
                "here",
                NOW);
    }

    static Stop stop() {
        return new Stop(Duration.ofSeconds(60));
    }

    Ext4 rootfs(Image image) {
        return new Ext4(files.rootfs(image.digest()));
    }

    /** Nothing has a name that VMs could boot from, and nothing is left of the attempt. */
    void assertNothingIsVisible() throws IOException {
        assertThat(files.rooted()).isEmpty();
        assertThat(ImageFiles.entries(files.work())).isEmpty();
    }

    Path home() {
        return home;
    }
}
