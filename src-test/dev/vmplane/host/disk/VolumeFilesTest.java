package dev.vmplane.host.disk;

import static dev.vmplane.host.disk.DiskTools.MKE2FS;
import static dev.vmplane.host.disk.OverlayTemplatesTest.names;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.vmplane.Await;
import dev.vmplane.host.disk.DiskTools.TinyDisk;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Volumes as files: formatted once, whole when they have their name, and removed by name alone. */
class VolumeFilesTest {
    private static final String ID = "vol-abc";

    @TempDir
    Path state;

    private final Vertx vertx = Vertx.vertx();
    private Path directory;
    private VolumeFiles volumes;

    @BeforeEach
    void start() {
        directory = state.resolve("volumes");
        volumes = at(directory);
    }

    @AfterEach
    void stop() {
        Await.of(vertx.close());
    }

    private VolumeFiles at(Path directory) {
        return new VolumeFiles(directory, MKE2FS, vertx.createSharedWorkerExecutor("test-disk", 2));
    }

    @Test
    void aVolumeIsASoundFileSystemWithAJournalThatTakesLittleRoom() throws IOException {
        volumes.make(ID, 2048);

        var file = volumes.file(ID);
        DiskTools.check(file);
        assertThat(DiskTools.features(file)).contains("has_journal");
        assertThat(Files.size(file)).isEqualTo(2048L * 1024 * 1024);
        assertThat(DiskTools.usedBytes(file)).isLessThan(4L * 1024 * 1024);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
    }

    @Test
    void aVolumeIsFormattedOnce() throws IOException {
        volumes.make(ID, 16);
        var before = DiskTools.uuid(volumes.file(ID));

        volumes.make(ID, 16);

        assertThat(DiskTools.uuid(volumes.file(ID))).isEqualTo(before);
    }

    @Test
    void twoVolumesAreTwoFileSystems() throws IOException {
        volumes.make(ID, 16);
        volumes.make("vol-def", 16);

        assertThat(DiskTools.uuid(volumes.file(ID))).isNotEqualTo(DiskTools.uuid(volumes.file("vol-def")));
    }

    @Test
    void whatAnAttemptThatWasKilledHasLeftIsNoVolume() throws IOException {
        Files.createDirectories(directory);
        Files.writeString(directory.resolve(ID + ".img.new"), "half a volume");
        assertThat(Await.of(volumes.held())).isEmpty();

        volumes.make(ID, 16);

        DiskTools.check(volumes.file(ID));
        assertThat(names(directory)).containsExactly(ID + ".img");
    }

    @Test
    void aVolumeIsRemovedWithAllThatIsLeftOfItAndNoOtherIs() throws IOException {
        volumes.make(ID, 16);
        volumes.make("vol-def", 16);
        Files.writeString(directory.resolve(ID + ".img.new"), "half a volume");

        Await.of(volumes.remove(ID));
        Await.of(volumes.remove(ID));

        assertThat(Await.of(volumes.held())).containsExactly("vol-def");
        assertThat(names(directory)).containsExactly("vol-def.img");
    }

    @Test
    void withoutAnyVolumeThereIsNoneToFindOrRemove() {
        assertThat(Await.of(volumes.held())).isEmpty();
        Await.of(volumes.remove(ID));
    }

    @Test
    void onAFullDiskNothingHalfMadeIsLeft() throws IOException {
        assumeTrue("root".equals(System.getProperty("user.name")), "only root may mount a disk that is full");
        try (var tiny = TinyDisk.at(state.resolve("tiny"), 16)) {
            var full = at(tiny.path());

            assertThatThrownBy(() -> full.make(ID, 64)).hasMessageContaining("No space left on device");

            assertThat(names(tiny.path())).isEmpty();
        }
    }

    @Test
    void anIdThatLeadsElsewhereIsRefused() {
        assertThatThrownBy(() -> volumes.file("../vmplane")).isInstanceOf(IllegalArgumentException.class);
    }
}
