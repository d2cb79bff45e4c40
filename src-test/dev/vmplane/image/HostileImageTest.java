package dev.vmplane.image;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Images that mean ill, or that something went wrong with, from a real registry: each fails with its reason, and is nowhere. */
class HostileImageTest {
    private static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";

    private static RegistryServer registry;

    @TempDir
    private Path home;

    private PullRig rig;
    private Path outside;

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
        outside = Files.createDirectory(home.resolve("outside"));
        Files.writeString(outside.resolve("secret"), "of the host");
    }

    @ParameterizedTest(name = "{0}: {2}")
    @MethodSource("layers")
    void aLayerThatMeansIllIsRefused(String what, List<byte[]> tars, String reason) throws IOException {
        var packed = new PackedImage();
        tars.forEach(packed::layer);
        var image = rig.row(push("hostile/" + what.replace(' ', '-') + ":1", packed));

        var trouble =
                catchThrowableOfType(ImageTrouble.class, () -> rig.pull.make(image, progress -> {}, PullRig.stop()));

        assertThat(trouble).as(what).isNotNull();
        assertThat(trouble).hasMessageContaining(reason).hasMessageNotContaining(home.toString());
        rig.assertNothingIsVisible();
        assertThat(ImageFiles.entries(outside)).containsExactly("secret");
        assertThat(outside.resolve("secret")).hasContent("of the host");
    }

    static Stream<Arguments> layers() {
        var zeros =
                new TarBytes().file("zeros", 0644, new byte[65 * 1024 * 1024]).tar();
        var behind =
                new TarBytes().file("a", "x").raw(new byte[80 * 1024 * 1024]).tar();
        var many = new TarBytes();
        for (int file = 0; file < 1001; file++) {
            many.file("f" + file, "");
        }
        var half = new TarBytes();
        for (int file = 0; file < 600; file++) {
            half.file("g" + file, "");
        }
        return Stream.of(
                arguments(
                        "dots",
                        List.of(new TarBytes().file("../../outside/evil", "x").tar()),
                        "leads out of the image"),
                arguments(
                        "absolute",
                        List.of(new TarBytes().file("/tmp/evil", "x").tar()),
                        "leads out of the image"),
                arguments(
                        "a link up and a file through it",
                        List.of(new TarBytes()
                                .symlink("l", "../../../..")
                                .file("l/evil", "x")
                                .tar()),
                        "leads out of the image by a link"),
                arguments(
                        "a link out in one layer and a file in the next",
                        List.of(
                                new TarBytes().symlink("l", "/tmp").tar(),
                                new TarBytes().file("l/evil", "x").tar()),
                        "leads by a link to what is not in the image"),
                arguments(
                        "a hard link to the host",
                        List.of(new TarBytes().hardLink("h", "/etc/passwd").tar()),
                        "leads out"),
                arguments(
                        "a hard link to nothing",
                        List.of(new TarBytes().hardLink("h", "nowhere").tar()),
                        "cannot be unpacked"),
                arguments(
                        "a circle of links",
                        List.of(new TarBytes()
                                .symlink("a", "b")
                                .symlink("b", "a")
                                .file("a/x", "x")
                                .tar()),
                        "in a circle of links"),
                arguments("zeros", List.of(zeros), "more room than this host gives"),
                arguments("zeros behind the end", List.of(behind), "more room than this host gives"),
                arguments(
                        "ten gigabytes of nothing",
                        List.of(new TarBytes()
                                .pax("GNU.sparse.major", "0", "GNU.sparse.size", "10737418240")
                                .file("a", "")
                                .tar()),
                        "more room than this host gives"),
                arguments("many files", List.of(many.tar()), "more files than this host takes"),
                arguments(
                        "many files in two layers", List.of(half.tar(), half.tar()), "more files than this host takes"),
                arguments(
                        "half an archive",
                        List.of(new TarBytes().header("a", 0, '0', "", 9000).open()),
                        "ends in the middle"),
                arguments("no archive", List.of("x".repeat(5000).getBytes(UTF_8)), "cannot be read"));
    }

    @Test
    void aHardLinkNeverReachesAFileOfTheHost() throws IOException {
        var tar = new TarBytes()
                .symlink("l", outside.toString())
                .hardLink("h", "l/secret")
                .tar();
        var image = rig.row(push("hardlink:1", new PackedImage().layer(tar)));

        var trouble =
                catchThrowableOfType(ImageTrouble.class, () -> rig.pull.make(image, progress -> {}, PullRig.stop()));

        assertThat(trouble).hasMessageContaining("is not in the image");
        rig.assertNothingIsVisible();
    }

    @Test
    void aLayerThatTheRegistryHasSpoiltIsNotBelieved() throws IOException {
        var layout = layout("spoilt");
        var reference = registry.push(layout, PackedImage.TAG, "spoilt:1");
        var layer = PackedImage.manifest(layout)
                .getJsonArray("layers")
                .getJsonObject(0)
                .getString("digest");
        var stored = Files.readAllBytes(registry.stored(layer));
        stored[stored.length - 1] ^= 1;
        Files.write(registry.stored(layer), stored);
        var image = rig.row(reference);

        var trouble =
                catchThrowableOfType(ImageTrouble.class, () -> rig.pull.make(image, progress -> {}, PullRig.stop()));

        assertThat(trouble).hasMessage("its registry sends something else than its digest says");
        rig.assertNothingIsVisible();
        assertThat(rig.files.content(layer)).doesNotExist();
    }

    @Test
    void aLayerThatIsLongerThanItIsSaidToBeIsNotFetchedToItsEnd() throws IOException {
        var layout = layout("longer");
        var reference = registry.push(layout, PackedImage.TAG, "longer:1");
        var layer = PackedImage.manifest(layout)
                .getJsonArray("layers")
                .getJsonObject(0)
                .getString("digest");
        var longer = new byte[6 * 1024 * 1024];
        new Random(1).nextBytes(longer);
        System.arraycopy(Files.readAllBytes(registry.stored(layer)), 0, longer, 0, 10);
        Files.write(registry.stored(layer), longer);
        var image = rig.row(reference);

        var trouble =
                catchThrowableOfType(ImageTrouble.class, () -> rig.pull.make(image, progress -> {}, PullRig.stop()));

        assertThat(trouble).hasMessageContaining("larger than this host takes, or than its manifest says");
        rig.assertNothingIsVisible();
    }

    @Test
    void aLayerThatWasSpoiltHereIsFetchedAnew() throws IOException {
        var layout = layout("rotten");
        var image = rig.get(registry.push(layout, PackedImage.TAG, "rotten:1"));
        var layer = PackedImage.manifest(layout)
                .getJsonArray("layers")
                .getJsonObject(0)
                .getString("digest");
        Files.delete(rig.files.rootfs(image.digest()));
        var here = Files.readAllBytes(rig.files.content(layer));
        here[here.length - 1] ^= 1;
        Files.write(rig.files.content(layer), here);
        var fresh = new Pull(rig.files, PullRig.settings(registry), System.getenv("PATH"), () -> 1 << 30);

        var trouble = catchThrowableOfType(ImageTrouble.class, () -> fresh.make(image, progress -> {}, PullRig.stop()));
        fresh.make(image, progress -> {}, PullRig.stop());

        assertThat(trouble).hasMessageContaining("layer " + layer + " has the digest sha256:");
        assertThat(rig.files.rooted()).containsExactly(image.digest());
    }

    @Test
    void aManifestThatLiesAboutASizeIsRefused() throws IOException {
        var layout = layout("sizes");
        registry.push(layout, PackedImage.TAG, "sizes:1");
        var manifest = PackedImage.manifest(layout);
        var layer = manifest.getJsonArray("layers").getJsonObject(0);
        layer.put("size", layer.getInteger("size") + 1);
        assertThat(registry.putManifest("sizes", "2", MANIFEST, manifest.encode()))
                .isEqualTo(201);
        var image = rig.row(registry.name() + "/sizes:2");

        var trouble =
                catchThrowableOfType(ImageTrouble.class, () -> rig.pull.make(image, progress -> {}, PullRig.stop()));

        assertThat(trouble).hasMessageContaining("bytes, and its manifest says " + layer.getInteger("size"));
        rig.assertNothingIsVisible();
    }

    @Test
    void aManifestThatTheRegistryHasSpoiltIsNotBelieved() throws IOException {
        var layout = layout("manifest");
        registry.push(layout, PackedImage.TAG, "manifest:1");
        var digest = PackedImage.digest(layout);
        Files.writeString(
                registry.stored(digest),
                PackedImage.manifest(layout).put("more", 1).encode());

        assertThat(lookUp("manifest@" + digest)).hasMessageContaining("something else than");
    }

    @ParameterizedTest
    @CsvSource({
        "nowhere:1, there is no such image in its registry",
        "nowhere@sha256:0123456789012345678901234567890123456789012345678901234567890123, there is no such image"
    })
    void anUnknownImageIsUnknown(String name, String reason) {
        assertThat(lookUp(name)).hasMessageContaining(reason);
    }

    @Test
    void anImageForAnotherMachineIsRefused() throws IOException {
        push(
                "foreign:1",
                new PackedImage()
                        .platform("linux", "s390x")
                        .layer(new TarBytes().file("a", "x").tar()));

        assertThat(lookUp("foreign:1"))
                .hasMessage("it is made for linux/s390x, and this host runs " + Manifest.Platform.ofThisHost());
    }

    @Test
    void anImageThatIsTooLargeIsNotFetched() throws IOException {
        var layout = layout("large");
        registry.push(layout, PackedImage.TAG, "large:1");
        var manifest = PackedImage.manifest(layout);
        manifest.getJsonArray("layers").getJsonObject(0).put("size", 9 * PullRig.MEBI);
        registry.putManifest("large", "2", MANIFEST, manifest.encode());

        assertThat(lookUp("large:2")).hasMessage("its layers have 9.0 MiB, and this host takes 8.0 MiB");
    }

    @Test
    void anIndexOfIndexesIsRefused() throws IOException {
        var inner = new JsonObject()
                .put("schemaVersion", 2)
                .put("mediaType", PullTest.INDEX)
                .put("manifests", new JsonArray())
                .encode();
        registry.push(layout("inner"), PackedImage.TAG, "cycle:0");
        registry.putManifest("cycle", "inner", PullTest.INDEX, inner);
        var platform = Manifest.Platform.ofThisHost();
        var outer = new JsonObject()
                .put("schemaVersion", 2)
                .put("mediaType", PullTest.INDEX)
                .put(
                        "manifests",
                        new JsonArray()
                                .add(new JsonObject()
                                        .put("mediaType", PullTest.INDEX)
                                        .put("digest", Manifest.digestOf(inner.getBytes(UTF_8)))
                                        .put("size", inner.length())
                                        .put(
                                                "platform",
                                                new JsonObject()
                                                        .put("os", platform.os())
                                                        .put("architecture", platform.architecture()))));
        assertThat(registry.putManifest("cycle", "outer", PullTest.INDEX, outer.encode()))
                .isEqualTo(201);

        assertThat(lookUp("cycle:outer")).hasMessage("its index lists another index");
    }

    @Test
    void aRegistryWithoutTlsMustBeNamed() throws IOException {
        var settings = PullRig.settings(registry);
        var strict = new PullRig(
                Files.createDirectory(home.resolve("strict")),
                new ImageSettings(
                        1,
                        settings.pullLimit(),
                        settings.maxBytes(),
                        settings.maxUnpackedBytes(),
                        settings.maxFiles(),
                        settings.budgetBytes(),
                        null,
                        List.of(registry.name()),
                        List.of(),
                        settings.uidBase()),
                () -> 1 << 30);

        var trouble = catchThrowableOfType(ImageTrouble.class, () -> strict.row(registry.name() + "/a:1"));

        assertThat(trouble).hasMessageContaining("name it under images.registries_plain_http");
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1:1",
        "10.1.2.3",
        "169.254.169.254",
        "192.168.0.1:5000",
        "[::1]:5000",
        "[fd00::1]",
        "localhost:1"
    })
    void aRegistryThatOnlyThisHostCanReachIsNotAsked(String host) {
        var trouble = catchThrowableOfType(ImageTrouble.class, () -> rig.row(host + "/a:1"));

        assertThat(trouble).hasMessageContaining("registry " + host + " has a private address");
    }

    @Test
    void aFullDiskIsFoundOutBeforeItIsFull() throws IOException {
        var reference = registry.push(layout("full"), PackedImage.TAG, "full:1");
        var full = new PullRig(
                Files.createDirectory(home.resolve("full")), PullRig.settings(registry), () -> PullRig.MEBI);
        var image = full.row(reference);

        var trouble =
                catchThrowableOfType(ImageTrouble.class, () -> full.pull.make(image, progress -> {}, PullRig.stop()));

        assertThat(trouble).hasMessageContaining("the disk of this host has 1.0 MiB left");
        full.assertNothingIsVisible();
    }

    @Test
    void whoeverIsNotWantedAnyMoreEnds() throws IOException {
        var image = rig.row(registry.push(layout("stopped"), PackedImage.TAG, "stopped:1"));
        var stop = PullRig.stop();
        stop.tell();

        var trouble = catchThrowableOfType(ImageTrouble.class, () -> rig.pull.make(image, progress -> {}, stop));

        assertThat(trouble).hasMessage("nobody wants it any more");
        rig.assertNothingIsVisible();
    }

    private Path layout(String name) throws IOException {
        return new PackedImage().layer(new TarBytes().file(name, "x").tar()).writeTo(home.resolve("layout-" + name));
    }

    private ImageTrouble lookUp(String name) {
        return catchThrowableOfType(ImageTrouble.class, () -> rig.row(registry.name() + "/" + name));
    }

    private String push(String name, PackedImage image) throws IOException {
        return registry.push(image.writeTo(home.resolve("layout-" + name.hashCode())), PackedImage.TAG, name);
    }
}
