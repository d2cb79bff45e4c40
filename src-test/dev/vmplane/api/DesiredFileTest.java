package dev.vmplane.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmplane.api.DesiredFile.Stamp;
import dev.vmplane.api.DesiredFile.Unreadable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DesiredFileTest {
    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

    private Path path;
    private DesiredFile file;

    @BeforeEach
    void writeIt(@TempDir Path directory) throws Exception {
        path = Files.writeString(directory.resolve("desired-vms.yaml"), "vms: []");
        Files.setLastModifiedTime(path, FileTime.from(NOON));
        file = new DesiredFile(path);
    }

    @Test
    void aFileOfTheSameTimeAndSizeInItsPlaceIsAnotherOne() throws Exception {
        var before = file.stamp();
        var other = Files.writeString(path.resolveSibling("other"), "vms: {}");
        Files.setLastModifiedTime(other, FileTime.from(NOON));
        Files.move(other, path, StandardCopyOption.REPLACE_EXISTING);

        var after = file.stamp();

        assertThat(after.modifiedAt()).isEqualTo(before.modifiedAt());
        assertThat(after).isNotEqualTo(before);
    }

    @Test
    void aTextThatNoLongerBelongsToItsStampIsNotTaken() throws Exception {
        var stamp = file.stamp();
        Files.writeString(path, "vms: [half");

        assertThatThrownBy(() -> file.text(stamp))
                .isInstanceOf(Unreadable.class)
                .hasMessage("the desired file cannot be read: it is being written");
    }

    @Test
    void whatIsNotUtf8IsNotTaken() throws Exception {
        Files.write(path, new byte[] {'a', (byte) 0xff});
        var stamp = file.stamp();

        assertThatThrownBy(() -> file.text(stamp)).hasMessage("the desired file cannot be read: it is not UTF-8");
    }

    @Test
    void aFileIsSettledWhenItWasFoundBeforeOrHasBeenQuiet() {
        var stamp = new Stamp(NOON, 1, "inode");
        var shorter = new Stamp(NOON, 0, "inode");

        assertThat(stamp.settled(null, NOON.plusMillis(1000))).isFalse();
        assertThat(stamp.settled(shorter, NOON.plusMillis(1000))).isFalse();
        assertThat(stamp.settled(null, NOON.plusMillis(1001))).isTrue();
        assertThat(stamp.settled(stamp, NOON)).isTrue();
    }
}
