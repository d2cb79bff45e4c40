package dev.vmplane;

import dev.vmplane.bus.Address.ImageMoved;
import dev.vmplane.bus.Address.PutImage;
import dev.vmplane.model.Image;
import dev.vmplane.model.ImageConfig;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Images for tests: their digests are one letter, 64 times. */
public final class Pictures {
    public static final ImageConfig CONFIG = new ImageConfig(
            List.of("/entry"), List.of("serve"), Map.of("MODE", "prod"), "/srv", "www", "SIGQUIT", List.of(80, 443));
    public static final Image.Progress NOTHING_YET = new Image.Progress(0, 4096, 0, 2);
    public static final Image.Progress ALL = new Image.Progress(4096, 4096, 2, 2);

    private Pictures() {}

    public static String digest(char letter) {
        return "sha256:" + String.valueOf(letter).repeat(64);
    }

    /** The name {@code localhost/app:1} with a digest. */
    public static String pinned(String digest) {
        return "localhost/app:1@" + digest;
    }

    /** One that is ready and has these names. */
    public static Image called(String digest, List<String> references) {
        return in(Image.State.READY, digest, references);
    }

    public static Image in(Image.State state, String digest, List<String> references) {
        var failed = state == Image.State.FAILED;
        return new Image(
                digest,
                references,
                CONFIG,
                state,
                NOTHING_YET,
                0,
                failed ? "the registry is closed" : null,
                failed ? 1 : 0,
                failed ? Instant.parse("2026-01-01T00:00:10Z") : null,
                "here",
                Instant.parse("2026-01-01T00:00:00Z"));
    }

    public static PutImage put(String digest, String reference) {
        return new PutImage(digest, reference, CONFIG, NOTHING_YET);
    }

    public static ImageMoved pulling(String digest, Image.Progress progress) {
        return new ImageMoved(digest, Image.State.PULLING, progress, 0, null);
    }

    public static ImageMoved ready(String digest) {
        return new ImageMoved(digest, Image.State.READY, ALL, 8192, null);
    }

    public static ImageMoved failed(String digest, String trouble) {
        return new ImageMoved(digest, Image.State.FAILED, NOTHING_YET, 0, trouble);
    }
}
