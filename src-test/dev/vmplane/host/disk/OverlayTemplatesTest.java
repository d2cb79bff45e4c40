package dev.vmplane.host.disk;

import static dev.vmplane.host.disk.DiskTools.MKE2FS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.vmplane.host.HostException;
import dev.vmplane.host.disk.DiskTools.TinyDisk;
import dev.vmplane.model.ReasonCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Disks for changes to the root, as files: whole, sparse, and nothing half-made where there is no room. */
class OverlayTemplatesTest {
    private static final int MIB = 1024 * 1024;

    @TempDir
    Path directory;

    private final OverlayTemplates templates = new OverlayTemplates(MKE2FS);

    @ParameterizedTest
    @ValueSource(ints = {16, 100, 1024, 50_000, 2_000_000})
    void everyDiskIsASoundFileSystemOfItsSizeThatTakesNextToNoRoom(int sizeMib) throws IOException {
        var first = directory.resolve("first.img");
        var second = directory.resolve("second.img");

        templates.make(first, sizeMib);
        templates.make(second, sizeMib);

        DiskTools.check(first);
        DiskTools.check(second);
        assertThat(Files.size(second)).isEqualTo((long) sizeMib * MIB);
        assertThat(DiskTools.usedBytes(second)).isLessThan(4L * MIB);
        assertThat(names(directory)).containsExactlyInAnyOrder("first.img", "second.img");
    }

    @Test
    void aDiskHasNoJournalAndIsItsOwnersAlone() throws IOException {
        var disk = directory.resolve("overlay.img");

        templates.make(disk, 64);

        assertThat(DiskTools.features(disk)).doesNotContain("journal");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(disk)))
                .isEqualTo("rw-------");
    }

    @Test
    void aDiskThatIsThereIsKept() throws IOException {
        var disk = Files.writeString(directory.resolve("overlay.img"), "what a guest wrote");

        templates.make(disk, 64);

        assertThat(disk).hasContent("what a guest wrote");
    }

    @Test
    void whatAnAttemptThatWasKilledHasLeftIsNoDisk() throws IOException {
        Files.writeString(directory.resolve("overlay.img.new"), "half a disk");
        Files.writeString(directory.resolve("template.img"), "half a template");

        templates.make(directory.resolve("overlay.img"), 64);

        DiskTools.check(directory.resolve("overlay.img"));
        assertThat(names(directory)).containsExactly("overlay.img");
    }

    @Test
    void onAFullDiskNothingHalfMadeIsLeftAndOthersAreUntouched() throws IOException {
        assumeTrue("root".equals(System.getProperty("user.name")), "only root may mount a disk that is full");
        var elsewhere = directory.resolve("other.img");
        templates.make(elsewhere, 64);
        try (var tiny = TinyDisk.at(directory.resolve("tiny"), 16)) {
            var disk = tiny.path().resolve("overlay.img");

            assertThatThrownBy(() -> templates.make(disk, 64)).hasMessageContaining("No space left on device");

            assertThat(names(tiny.path())).isEmpty();
        }
        DiskTools.check(elsewhere);
    }

    @Test
    void onAFullDiskAFirstOfItsSizeSaysSoToo() throws IOException {
        assumeTrue("root".equals(System.getProperty("user.name")), "only root may mount a disk that is full");
        try (var tiny = TinyDisk.at(directory.resolve("tiny"), 16)) {
            var disk = tiny.path().resolve("overlay.img");

            assertThatThrownBy(() -> templates.make(disk, 64))
                    .isInstanceOfSatisfying(
                            HostException.class,
                            failed -> assertThat(failed.reason().code()).isEqualTo(ReasonCode.DISK_FAILED))
                    .hasMessageContaining("No space left on device")
                    .hasMessageNotContaining(tiny.path().toString());

            assertThat(names(tiny.path())).isEmpty();
        }
    }

    @Test
    void aHostWithoutTheProgramSaysWhatToInstall() {
        var none = new OverlayTemplates(new Mke2fs(directory.toString()));

        assertThatThrownBy(() -> none.make(directory.resolve("overlay.img"), 64))
                .isInstanceOf(HostException.class)
                .hasMessage("a disk cannot be formatted: there is no mke2fs on this host: install e2fsprogs");
    }

    @Test
    void manySizesAreMadeOneAfterAnother() throws IOException {
        for (var sizeMib : IntStream.range(16, 60).toArray()) {
            templates.make(directory.resolve(sizeMib + ".img"), sizeMib);
        }

        templates.make(directory.resolve("again.img"), 16);

        DiskTools.check(directory.resolve("again.img"));
    }

    static String[] names(Path directory) throws IOException {
        try (var entries = Files.list(directory)) {
            return entries.filter(Files::isRegularFile)
                    .map(entry -> entry.getFileName().toString())
                    .toArray(String[]::new);
        }
    }
}
