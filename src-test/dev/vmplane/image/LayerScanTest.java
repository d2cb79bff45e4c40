package dev.vmplane.image;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is found in layers without unpacking them, and what is not let past. */
class LayerScanTest {
    private static final LayerScan.Limits LIMITS = new LayerScan.Limits(1 << 20, 100);

    @Test
    void whatIsInALayerIsCounted() throws IOException {
        var scan = scan(new TarBytes()
                .folder("./")
                .folder("./etc/")
                .file("./etc/passwd", "root")
                .file("./etc/empty", "")
                .symlink("./lib", "usr/lib")
                .hardLink("etc/again", "etc/passwd")
                .file("etc/.wh.shadow", "")
                .file("var/.wh..wh..opq", ""));

        assertThat(scan.entries()).isEqualTo(8);
        assertThat(scan.bytes()).isEqualTo(4096);
        assertThat(scan.folders()).containsExactly("etc");
        assertThat(scan.through()).containsExactly("etc", "var");
        assertThat(scan.links()).containsEntry("lib", "usr/lib");
        assertThat(scan.gone()).containsExactly("etc/shadow");
        assertThat(scan.emptied()).containsExactly("var");
    }

    @Test
    void longNamesAreReadHoweverTheyAreWritten() throws IOException {
        var name = "a/".repeat(100) + "b";
        var gnu = new TarBytes()
                .header("././@LongLink", 0644, 'L', "", name.length() + 1)
                .data((name + "\0").getBytes(UTF_8))
                .file("a/a/a", "x");
        var pax =
                new TarBytes().pax("path", name, "SCHILY.xattr.user.x", "\0\1").file("short", "x");

        assertThat(scan(gnu).through()).containsExactly("a/".repeat(99) + "a");
        assertThat(scan(pax).through()).containsExactly("a/".repeat(99) + "a");
    }

    @ParameterizedTest(name = "{0}: {2}")
    @MethodSource("hostile")
    void isRefused(String what, byte[] tar, String reason) {
        var trouble =
                catchThrowableOfType(ImageTrouble.class, () -> LayerScan.of(new ByteArrayInputStream(tar), LIMITS));

        assertThat(trouble).as(what).isNotNull();
        assertThat(trouble).hasMessageContaining(reason);
    }

    static Stream<Arguments> hostile() {
        var good = new TarBytes().file("a", "x".repeat(5000)).tar();
        var torn = good.clone();
        torn[20] ^= 1;
        return Stream.of(
                arguments("dots", new TarBytes().file("../up", "x").tar(), "'../up' leads out of the image"),
                arguments("dots inside", new TarBytes().file("a/../../up", "x").tar(), "leads out of the image"),
                arguments("absolute", new TarBytes().file("/etc/passwd", "x").tar(), "its name is absolute"),
                arguments(
                        "a long name that leads out",
                        new TarBytes().pax("path", "../x").file("a", "").tar(),
                        "leads out"),
                arguments(
                        "a folder that leads out", new TarBytes().folder("../x").tar(), "leads out"),
                arguments(
                        "a hard link to the host",
                        new TarBytes().hardLink("a", "/etc/passwd").tar(),
                        "'a' leads out"),
                arguments(
                        "a hard link up",
                        new TarBytes().hardLink("a", "../../etc/passwd").tar(),
                        "'a' leads out"),
                arguments("a link to nothing", new TarBytes().symlink("a", "").tar(), "'a' is a link to nothing"),
                arguments(
                        "a whiteout of a parent",
                        new TarBytes().file("a/.wh...", "").tar(),
                        "the folder it lies in"),
                arguments(
                        "a whiteout of a folder",
                        new TarBytes().file("a/.wh..", "").tar(),
                        "the folder it lies in"),
                arguments("no name", new TarBytes().file("", "").tar(), "has no name"),
                arguments(
                        "a long part",
                        new TarBytes()
                                .pax("path", "x".repeat(256))
                                .file("a", "")
                                .tar(),
                        "too long a name"),
                arguments(
                        "an odd type", new TarBytes().header("a", 0, 'V', "", 0).tar(), "'a' is of an unknown type"),
                arguments(
                        "an owner beyond",
                        new TarBytes().owner(70_000, 0).file("a", "").tar(),
                        "user or group above 65535"),
                arguments("too many files", many(101), "more files than this host takes: 100"),
                arguments(
                        "too large",
                        new TarBytes().file("a", 0644, new byte[2 << 20]).tar(),
                        "more room"),
                arguments(
                        "large for nothing",
                        new TarBytes()
                                .pax("GNU.sparse.major", "0", "GNU.sparse.size", "10737418240")
                                .file("a", "x")
                                .tar(),
                        "more room"),
                arguments("an old sparse file", oldSparse(), "more room"),
                arguments(
                        "a size that never comes",
                        new TarBytes().header("a", 0, '0', "", 1 << 19).open(),
                        "in the middle"),
                arguments(
                        "a size beyond all",
                        new TarBytes().header("a", 0, '0', "", 1L << 40).open(),
                        "more room"),
                arguments("half a block", Arrays.copyOf(good, 700), "in the middle of a file"),
                arguments("half a header", Arrays.copyOf(good, 300), "in the middle of a file"),
                arguments("a torn header", torn, "wrong checksum"),
                arguments(
                        "a folder with bytes",
                        new TarBytes().header("a", 0, '5', "", 9).tar(),
                        "has bytes all the same"),
                arguments(
                        "a huge header",
                        new TarBytes().header("a", 0, 'x', "", 1 << 30).tar(),
                        "has 1073741824 bytes"),
                arguments(
                        "a header for all",
                        new TarBytes().extended('g', "path", "x").tar(),
                        "all of its files at once"),
                arguments(
                        "a record that lies",
                        new TarBytes()
                                .header("p", 0, 'x', "", 9)
                                .data("99 a=bcd\n".getBytes(US_ASCII))
                                .tar(),
                        "cannot be read"),
                arguments(
                        "a second beginning",
                        new TarBytes().raw(new byte[512]).file("a", "x").tar(),
                        "behind its end"),
                arguments("no archive", "x".repeat(512).getBytes(US_ASCII), "cannot be read"));
    }

    /** As a hostile name is cut down before it is shown, so is what would break a line of the log. */
    @Test
    void aNameIsShownOnOneLine() {
        var tar = new TarBytes()
                .pax("path", "/a\nb" + "c".repeat(200))
                .file("a", "")
                .tar();

        var trouble =
                catchThrowableOfType(ImageTrouble.class, () -> LayerScan.of(new ByteArrayInputStream(tar), LIMITS));

        assertThat(trouble).hasMessageStartingWith("'/a?bc").hasMessageContaining("…");
    }

    @ParameterizedTest
    @ValueSource(strings = {"usr/lib", "/usr/lib", "./usr/../usr/lib"})
    void filesThroughALinkInsideTheImageAreFine(String target) throws IOException {
        var tree = new LayerTree();

        tree.add(scan(new TarBytes().folder("usr/lib").symlink("lib", target)));
        tree.add(scan(new TarBytes().file("lib/libc.so", "x")));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("links")
    void filesThroughALinkToElsewhereAreRefused(String target, String reason) throws IOException {
        var one = new LayerTree();
        var two = new LayerTree();
        var link = new TarBytes().symlink("a/link", target);
        var file = new TarBytes().file("a/link/file", "x");
        two.add(scan(link));

        var inOneLayer = catchThrowableOfType(
                ImageTrouble.class,
                () -> one.add(scan(new TarBytes().symlink("a/link", target).file("a/link/file", "x"))));
        var inTwo = catchThrowableOfType(ImageTrouble.class, () -> two.add(scan(file)));

        assertThat(inOneLayer).hasMessageContaining("'a/link', which " + reason);
        assertThat(inTwo).hasMessageContaining("'a/link', which " + reason);
    }

    static Stream<Arguments> links() {
        return Stream.of(
                arguments("../../outside", "leads out of the image by a link"),
                arguments("/opt/outside", "leads by a link to what is not in the image"),
                arguments("link", "leads in a circle of links"),
                arguments("../a/link", "leads in a circle of links"));
    }

    @Test
    void aLinkThatALayerTakesAwayLeadsNowhereAnyMore() throws IOException {
        var tree = new LayerTree();
        tree.add(scan(new TarBytes().symlink("a", "/outside").symlink("b/c", "/outside")));

        tree.add(scan(new TarBytes()
                .file(".wh.a", "")
                .folder("a")
                .file("a/x", "")
                .file("b/.wh..wh..opq", "")
                .file("b/c/x", "")));
    }

    @Test
    void aHardLinkThroughALinkToElsewhereIsRefused() throws IOException {
        var tree = new LayerTree();

        var trouble = catchThrowableOfType(
                ImageTrouble.class,
                () -> tree.add(scan(new TarBytes().symlink("a", "/etc").hardLink("b", "a/passwd"))));

        assertThat(trouble).hasMessageContaining("is not in the image");
    }

    private static byte[] many(int files) {
        var tar = new TarBytes();
        for (int file = 0; file < files; file++) {
            tar.file("f" + file, "");
        }
        return tar.tar();
    }

    /** One of GNU's own kind, 10 GiB long and with nothing in it. */
    private static byte[] oldSparse() {
        var header = Arrays.copyOf(new TarBytes().header("a", 0644, 'S', "", 0).open(), 512);
        System.arraycopy("12000000000".getBytes(US_ASCII), 0, header, 483, 11);
        return new TarBytes().raw(TarBytes.sealed(header)).tar();
    }

    private static LayerScan scan(TarBytes tar) throws IOException {
        return LayerScan.of(new ByteArrayInputStream(tar.tar()), LIMITS);
    }
}
