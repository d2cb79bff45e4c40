package dev.vmplane.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vmplane.model.ImageReference.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageReferenceTest {
    private static final String DIGEST = "sha256:" + "0123456789abcdef".repeat(4);

    @ParameterizedTest(name = "{0} is {1}")
    @CsvSource({
        "nginx, docker.io/library/nginx:latest, REGISTRY",
        "nginx:1.27, docker.io/library/nginx:1.27, REGISTRY",
        "team/app, docker.io/team/app:latest, REGISTRY",
        "docker.io/nginx, docker.io/library/nginx:latest, REGISTRY",
        "index.docker.io/nginx, docker.io/library/nginx:latest, REGISTRY",
        "registry.example.org/app:2, registry.example.org/app:2, REGISTRY",
        "registry.example.org:5000/a/b/c:2, registry.example.org:5000/a/b/c:2, REGISTRY",
        "Registry/app, Registry/app:latest, REGISTRY",
        "127.0.0.1:5000/web:1, 127.0.0.1:5000/web:1, REGISTRY",
        "[::1]:5000/web:1, [::1]:5000/web:1, REGISTRY",
        "localhost:5000/web:1, localhost:5000/web:1, REGISTRY",
        "a.b/c__d/e--f.g_h:T, a.b/c__d/e--f.g_h:T, REGISTRY",
        "localhost/app, localhost/app:latest, LOCAL",
        "localhost/team/app:1, localhost/team/app:1, LOCAL",
        "docker-archive:web.tar, docker-archive:web.tar, ARCHIVE",
        "docker-archive:web.tar:team/web:1, docker-archive:web.tar:team/web:1, ARCHIVE",
        "oci:web:1, oci:web:1, ARCHIVE",
        "oci-archive:web.tar, oci-archive:web.tar, ARCHIVE"
    })
    void isWrittenInFull(String text, String full, Kind kind) {
        var reference = ImageReference.parse(text);

        assertThat(reference.text()).isEqualTo(full);
        assertThat(reference.kind()).isEqualTo(kind);
    }

    @ParameterizedTest
    @ValueSource(strings = {"nginx", "a.b/c:1", "localhost/x", "oci-archive:web.tar:1", "docker-archive:w.tar:a/b:1"})
    void whatIsPinnedIsReadBackAsTheSame(String text) {
        var pinned = ImageReference.parse(text).pinnedTo(DIGEST);

        var again = ImageReference.parse(pinned);

        assertThat(again.text()).isEqualTo(pinned);
        assertThat(again.digest()).isEqualTo(DIGEST);
        assertThat(PinnedImage.digestOf(pinned)).isEqualTo(DIGEST);
    }

    @Test
    void aDigestNeedsNoTag() {
        var reference = ImageReference.parse("nginx@" + DIGEST);

        assertThat(reference.tag()).isNull();
        assertThat(reference.pinnedTo(DIGEST)).isEqualTo("docker.io/library/nginx@" + DIGEST);
    }

    @Test
    void whatWasPinnedIsPinnedAnew() {
        var other = DIGEST.replace('0', 'f');

        assertThat(ImageReference.parse("nginx:1@" + DIGEST).pinnedTo(other))
                .isEqualTo("docker.io/library/nginx:1@" + other);
    }

    @Test
    void theRegistryKeepsItsPort() {
        assertThat(ImageReference.parse("localhost:5000/a/b").registry()).isEqualTo("localhost:5000");
    }

    @ParameterizedTest(name = "[{0}]")
    @ValueSource(
            strings = {
                "",
                " ",
                "nginx 1",
                "Nginx",
                "nginx:",
                "nginx:.1",
                "nginx@",
                "nginx@sha256:12",
                "nginx@md5:0123456789abcdef0123456789abcdef",
                "/nginx",
                "nginx/",
                "a//b",
                "a/../b",
                "-a",
                "a-",
                "a.b/C",
                "https://a.b/c",
                "docker://nginx",
                "a.b:port/c",
                "a\nb",
                "a\u0000b",
                "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                "oci:../web",
                "oci-archive:/etc/passwd",
                "oci-archive:a/b",
                "docker-archive:.hidden",
                "docker-archive:",
                "docker-archive:a.tar:@0",
                "docker-daemon:nginx:1"
            })
    void isRefused(String text) {
        var refused = catchThrowableOfType(RefusedException.class, () -> ImageReference.parse(text));

        assertThat(refused.refusal().code()).isEqualTo("bad_image_reference");
        assertThat(refused).hasMessageStartingWith("image cannot be '").hasMessageNotContaining("\n");
    }

    @Test
    void aVeryLongNameIsRefused() {
        var refused = catchThrowableOfType(RefusedException.class, () -> ImageReference.parse("a".repeat(300)));

        assertThat(refused.getMessage()).contains("at most 255 characters");
    }

    @Test
    void aTextThatNearlyMatchesIsRefusedAtOnce() {
        var refused = catchThrowableOfType(
                RefusedException.class, () -> ImageReference.parse("a-".repeat(10_000) + "/" + "a_".repeat(10_000)));

        assertThat(refused).isNotNull();
    }
}
