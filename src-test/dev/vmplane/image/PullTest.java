package dev.vmplane.image;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vmplane.model.ImageReference;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Images from a real registry, through the real tools, to the file that a VM boots from. */
class PullTest {
    private static RegistryServer registry;

    @TempDir
    private Path home;

    private PullRig rig;

    @BeforeAll
    static void startRegistry(@TempDir Path home) throws IOException {
        registry = RegistryServer.start(home);
    }

    @AfterAll
    static void stopRegistry() {
        registry.close();
    }

    @BeforeEach
    void prepare() throws IOException {
        rig = new PullRig(home, registry);
    }

    @Test
    void everyFileKeepsItsOwnerAndItsMode() throws IOException {
        var tar = new TarBytes()
                .folder("etc")
                .file("etc/passwd", "root:x:0:0::/:/bin/sh\n")
                .owner(33, 42)
                .folder("srv", 02775)
                .file("srv/app", 04755, "#!/bin/sh\n")
                .owner(65_535, 65_535)
                .file("srv/last", 0600, "x")
                .owner(0, 0)
                .symlink("srv/link", "app")
                .hardLink("srv/again", "srv/app")
                .folder("tmp", 01777);
        var reference = push("owners:1", new PackedImage().layer(tar.tar()));

        var root = rig.rootfs(rig.get(reference));

        assertThat(root.faults()).isEmpty();
        assertThat(root.of("/etc/passwd")).isEqualTo("regular 644 0:0");
        assertThat(root.of("/srv")).isEqualTo("directory 2775 33:42");
        assertThat(root.of("/srv/app")).isEqualTo("regular 4755 33:42");
        assertThat(root.of("/srv/again")).isEqualTo("regular 4755 33:42");
        assertThat(root.of("/srv/last")).isEqualTo("regular 600 65535:65535");
        assertThat(root.of("/srv/link")).isEqualTo("symlink 777 0:0");
        assertThat(root.of("/tmp")).isEqualTo("directory 1777 0:0");
        assertThat(root.of("/")).isEqualTo("directory 755 0:0");
        assertThat(root.content("/srv/app")).isEqualTo("#!/bin/sh\n");
        assertThat(root.debugfs("stat /srv/app")).contains("Links: 2");
    }

    @Test
    void whatAnUpperLayerHidesIsGone() throws IOException {
        var lower = new TarBytes()
                .file("a/gone", "1")
                .file("a/kept", "1")
                .file("b/one", "1")
                .file("c", "1")
                .file("e/f", "1");
        var upper = new TarBytes()
                .file("a/.wh.gone", "")
                .file("b/.wh..wh..opq", "")
                .file("b/two", "2")
                .file("c", "2")
                .file(".wh.e", "");
        var reference = push("whiteouts:1", new PackedImage().layer(lower.tar()).layer(upper.tar()));

        var root = rig.rootfs(rig.get(reference));

        assertThat(root.of("/a/gone")).isEqualTo("nothing");
        assertThat(root.of("/a/.wh.gone")).isEqualTo("nothing");
        assertThat(root.of("/a/kept")).isEqualTo("regular 644 0:0");
        assertThat(root.of("/b/one")).isEqualTo("nothing");
        assertThat(root.of("/b/two")).isEqualTo("regular 644 0:0");
        assertThat(root.of("/e")).isEqualTo("nothing");
        assertThat(root.content("/c")).isEqualTo("2");
    }

    @Test
    void aDeviceIsAnEmptyFileAndNoDevice() throws IOException {
        var reference = push(
                "devices:1",
                new PackedImage().layer(new TarBytes().device("dev/sda").tar()));

        var root = rig.rootfs(rig.get(reference));

        assertThat(root.of("/dev/sda")).startsWith("regular");
        assertThat(root.content("/dev/sda")).isEmpty();
    }

    @Test
    void attributesThatGiveRightsAreKept() throws IOException {
        // Bytes of cap_net_raw=ep that are text in pax as well.
        var capability = "\1\0\0\2\0 \0\0\0\0\0\0\0\0\0\0\0\0\0\0";
        var tar = new TarBytes()
                .pax("SCHILY.xattr.security.capability", capability)
                .file("bin/ping", 0755, "x");
        var reference = push("capabilities:1", new PackedImage().layer(tar.tar()));

        var root = rig.rootfs(rig.get(reference));

        assertThat(root.debugfs("ea_list /bin/ping")).contains("security.capability (20) = 01 00 00 02 00 20 00");
    }

    @Test
    void itsConfigurationSaysHowItIsToBeRun() throws IOException {
        var reference = push(
                "config:1",
                new PackedImage()
                        .layer(new TarBytes().file("app", 0755, "x").tar())
                        .says("Entrypoint", List.of("/app"))
                        .says("Cmd", List.of("serve"))
                        .says("Env", List.of("A=1", "odd.name=x=y", "A=2", "broken"))
                        .says("WorkingDir", "/srv")
                        .says("User", "www:staff")
                        .says("StopSignal", "SIGQUIT")
                        .says("ExposedPorts", Map.of("8080/tcp", Map.of(), "53/udp", Map.of(), "443", Map.of())));

        var config = rig.row(reference).config();

        assertThat(config.entrypoint()).containsExactly("/app");
        assertThat(config.cmd()).containsExactly("serve");
        assertThat(config.env()).isEqualTo(Map.of("A", "2", "odd.name", "x=y"));
        assertThat(config.workdir()).isEqualTo("/srv");
        assertThat(config.user()).isEqualTo("www:staff");
        assertThat(config.stopSignal()).isEqualTo("SIGQUIT");
        assertThat(config.exposedPorts()).containsExactly(443, 8080);
    }

    @Test
    void ofManyPlatformsThatOfThisHostIsTaken() throws IOException {
        var ours =
                new PackedImage().layer(new TarBytes().file("ours", "x").tar()).writeTo(home.resolve("ours"));
        var theirs = new PackedImage()
                .platform("linux", "s390x")
                .layer(new TarBytes().file("theirs", "x").tar())
                .writeTo(home.resolve("theirs"));
        registry.push(ours, PackedImage.TAG, "many:ours");
        registry.push(theirs, PackedImage.TAG, "many:theirs");
        var index = index(List.of(
                part(theirs, "s390x"), part(ours, Manifest.Platform.ofThisHost().architecture())));

        assertThat(registry.putManifest("many", "1", INDEX, index)).isEqualTo(201);
        var image = rig.get(registry.name() + "/many:1");

        assertThat(image.digest()).isEqualTo(PackedImage.digest(ours));
        assertThat(rig.rootfs(image).of("/ours")).startsWith("regular");
    }

    @Test
    void theDigestOfAnIndexMeansTheImageForThisHost() throws IOException {
        var ours =
                new PackedImage().layer(new TarBytes().file("ours", "2").tar()).writeTo(home.resolve("ours"));
        registry.push(ours, PackedImage.TAG, "pinned:ours");
        var index = index(List.of(part(ours, Manifest.Platform.ofThisHost().architecture())));
        registry.putManifest("pinned", "1", INDEX, index);
        var digest = Manifest.digestOf(index.getBytes(UTF_8));

        var image = rig.row(registry.name() + "/pinned:whatever@" + digest);

        assertThat(image.digest()).isEqualTo(PackedImage.digest(ours));
    }

    @Test
    void layersPackedWithZstdArePackedAnew() throws IOException {
        var layout =
                new PackedImage().layer(new TarBytes().file("a", "zstd").tar()).writeTo(home.resolve("made"));
        var reference = registry.name() + "/zstd:1";
        RegistryServer.run(
                "skopeo",
                "copy",
                "-q",
                "--dest-tls-verify=false",
                "--dest-compress-format=zstd",
                "oci:" + layout + ":" + PackedImage.TAG,
                "docker://" + reference);

        var image = rig.get(reference);

        assertThat(rig.rootfs(image).content("/a")).isEqualTo("zstd");
    }

    @Test
    void layersThatAreHereAreNotFetchedAgain() throws IOException {
        var shared = new TarBytes().file("shared", "x").tar();
        var first = new PackedImage().layer(shared).writeTo(home.resolve("first"));
        var second = new PackedImage()
                .layer(shared)
                .layer(new TarBytes().file("own", "x").tar())
                .writeTo(home.resolve("second"));
        registry.push(first, PackedImage.TAG, "layers:first");
        registry.push(second, PackedImage.TAG, "layers:second");
        rig.get(registry.name() + "/layers:first");
        var layer = PackedImage.manifest(first)
                .getJsonArray("layers")
                .getJsonObject(0)
                .getString("digest");
        Files.delete(registry.stored(layer));

        var image = rig.get(registry.name() + "/layers:second");

        assertThat(rig.rootfs(image).of("/shared")).startsWith("regular");
        assertThat(rig.rootfs(image).of("/own")).startsWith("regular");
    }

    @Test
    void whatIsWhollyHereNeedsNoRegistry() throws IOException {
        var image = rig.get(push(
                "here:1", new PackedImage().layer(new TarBytes().file("a", "x").tar())));
        Files.delete(rig.files.rootfs(image.digest()));
        Files.delete(registry.stored(image.digest()));

        rig.pull.make(image, progress -> {}, PullRig.stop());

        assertThat(rig.files.rooted()).containsExactly(image.digest());
    }

    @Test
    void theSameImageIsMadeTheSame() throws IOException {
        var image = rig.get(push(
                "same:1", new PackedImage().layer(new TarBytes().file("a", "x").tar())));
        var uuid = rig.rootfs(image).debugfs("show_super_stats -h");
        var other = new PullRig(Files.createDirectory(home.resolve("other")), registry);

        other.get(image.references().get(0));

        assertThat(lines(other.rootfs(image).debugfs("show_super_stats -h"), "UUID", "Hash Seed"))
                .isEqualTo(lines(uuid, "UUID", "Hash Seed"))
                .hasSize(2);
    }

    @Test
    void aRootFileSystemCanBeReadByHypervisorsAndWrittenByNobody() throws IOException {
        var image = rig.get(push(
                "mode:1", new PackedImage().layer(new TarBytes().file("a", "x").tar())));

        var file = rig.files.rootfs(image.digest());

        assertThat(Files.getPosixFilePermissions(file)).isEqualTo(PosixFilePermissions.fromString("rw-r--r--"));
        assertThat(Files.getOwner(file)).isEqualTo(Files.getOwner(home));
        assertThat(rig.rootfs(image).debugfs("features")).doesNotContain("has_journal");
    }

    @Test
    void nothingIsLeftOfTheWork() throws IOException {
        rig.get(push(
                "work:1", new PackedImage().layer(new TarBytes().file("a", "x").tar())));

        assertThat(ImageFiles.entries(rig.files.work())).isEmpty();
    }

    @Test
    void anArchiveOfDockerCanBeTakenIn() throws IOException {
        var layout = new PackedImage()
                .layer(new TarBytes().file("a", "docker").tar())
                .writeTo(home.resolve("made"));
        archive(layout, "docker-archive", "web.tar:localhost/web:1");

        var image = rig.get("docker-archive:web.tar");

        assertThat(rig.rootfs(image).content("/a")).isEqualTo("docker");
    }

    @Test
    void anArchiveOfOciCanBeTakenIn() throws IOException {
        var layout =
                new PackedImage().layer(new TarBytes().file("a", "oci").tar()).writeTo(home.resolve("made"));
        archive(layout, "oci-archive", "web.tar:1");

        var image = rig.get("oci-archive:web.tar:1");

        assertThat(rig.rootfs(image).content("/a")).isEqualTo("oci");
    }

    @Test
    void aDirectoryOfOciCanBeTakenIn() throws IOException {
        new PackedImage()
                .layer(new TarBytes().file("a", "directory").tar())
                .writeTo(rig.files.archives().resolve("web"));

        var image = rig.get("oci:web:" + PackedImage.TAG);

        assertThat(rig.rootfs(image).content("/a")).isEqualTo("directory");
    }

    @Test
    void aFileOfEitherKindIsLoaded() throws IOException {
        var layout = new PackedImage()
                .layer(new TarBytes().file("a", "loaded").tar())
                .writeTo(home.resolve("made"));
        for (var kind : List.of("docker-archive", "oci-archive")) {
            archive(layout, kind, kind + ":localhost/web:1");
            var file = rig.files.archives().resolve(kind);

            var found = rig.pull.take(ImageReference.parse("localhost/web:1"), file, null, PullRig.stop());
            var image = rig.row(found, "localhost/web:1");
            rig.pull.make(image, progress -> {}, PullRig.stop());

            assertThat(rig.rootfs(image).content("/a")).isEqualTo("loaded");
        }
    }

    @Test
    void anArchiveThatHasChangedIsNotTakenForTheImage() throws IOException {
        var layout = rig.files.archives().resolve("web");
        new PackedImage().layer(new TarBytes().file("a", "1").tar()).writeTo(layout);
        var image = rig.row("oci:web:" + PackedImage.TAG);
        rig.files.remove(image.digest());
        new PackedImage().layer(new TarBytes().file("a", "2").tar()).writeTo(layout);

        var trouble =
                catchThrowableOfType(ImageTrouble.class, () -> rig.pull.make(image, progress -> {}, PullRig.stop()));

        assertThat(trouble).hasMessage("its archive holds something else by now");
        rig.assertNothingIsVisible();
    }

    @Test
    void contentsThatNoImageIsMadeOfAreRemoved() throws IOException {
        var shared = new TarBytes().file("shared", "x").tar();
        var one = rig.get(push("unused:1", new PackedImage().layer(shared)));
        var two = rig.get(push(
                "unused:2",
                new PackedImage()
                        .layer(shared)
                        .layer(new TarBytes().file("b", "x").tar())));
        rig.files.remove(two.digest());

        rig.files.removeUnused();

        assertThat(ImageFiles.entries(rig.files.contents())).hasSize(3);
        assertThat(rig.files.rooted()).containsExactly(one.digest());
    }

    static final String INDEX = "application/vnd.oci.image.index.v1+json";

    private static String index(List<JsonObject> parts) {
        return new JsonObject()
                .put("schemaVersion", 2)
                .put("mediaType", INDEX)
                .put("manifests", new JsonArray(parts))
                .encode();
    }

    private static JsonObject part(Path layout, String architecture) throws IOException {
        var digest = PackedImage.digest(layout);
        return new JsonObject()
                .put("mediaType", "application/vnd.oci.image.manifest.v1+json")
                .put("digest", digest)
                .put("size", Files.size(layout.resolve("blobs/sha256").resolve(digest.substring(7))))
                .put("platform", new JsonObject().put("os", "linux").put("architecture", architecture));
    }

    private void archive(Path layout, String kind, String name) throws IOException {
        RegistryServer.run(
                "skopeo",
                "copy",
                "-q",
                "oci:" + layout + ":" + PackedImage.TAG,
                kind + ":" + rig.files.archives() + "/" + name);
    }

    private String push(String name, PackedImage image) throws IOException {
        var layout = image.writeTo(home.resolve(name.replace(':', '-')));
        return registry.push(layout, PackedImage.TAG, name);
    }

    private static List<String> lines(String text, String... beginnings) {
        return text.lines()
                .filter(line -> List.of(beginnings).stream().anyMatch(line::contains))
                .toList();
    }
}
