package dev.vmplane.walk;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What real guests write to their disks, and what becomes of it. */
@Tag("qemu")
class DiskWalkTest {
    private static final int MIB = 1024 * 1024;
    private static final int OVERLAY_MIB = 32;

    private RealPlane plane;

    @BeforeEach
    void start() {
        plane = RealPlane.start();
    }

    @AfterEach
    void stop() {
        plane.close();
    }

    @Test
    void whatAGuestWroteToItsVolumeIsThereForItsSuccessors() throws IOException {
        plane.wish("db", spec("one").put("volumes", volumes()));
        plane.heard("vm.phase", becameRunning(vm -> true));
        var writer = plane.vmOf("db");
        assertThat(visit("/write/2/data/file")).isEqualTo("Wrote 2097152 bytes.\n");

        plane.kill(writer);
        plane.heard("vm.phase", becameRunning(vm -> !vm.equals(writer)));
        var second = plane.vmOf("db");
        assertThat(visit("/read/data/file")).isEqualTo("Read 2097152 bytes by " + writer + ".\n");

        plane.wish("db", spec("two").put("volumes", volumes()));
        plane.heard("vm.phase", becameRunning(vm -> !vm.equals(writer) && !vm.equals(second)));
        assertThat(visit("/read/data/file")).isEqualTo("Read 2097152 bytes by " + writer + ".\n");

        var third = plane.vmOf("db");
        plane.delete("db");
        plane.heard("vm.released", event -> third.equals(event.getString("vm_id")));
        assertThat(volumeFiles()).hasSize(1);
        plane.deleteVolume("data", "db");
        plane.heard("volume.deleted", event -> true);
        assertThat(volumeFiles()).isEmpty();
    }

    @Test
    void aGuestCanFillTheDiskOfItsRootAndNothingElse() throws IOException {
        plane.wish("db", spec("one"));
        plane.heard("vm.phase", becameRunning(vm -> true));
        var vm = plane.vmOf("db");
        var disk = plane.runDir().resolve(vm).resolve("overlay.img");

        var told = visit("/write/" + 2 * OVERLAY_MIB + "/var/big");

        assertThat(told).matches("Wrote [1-9][0-9]* bytes: No space left on device.\n");
        assertThat(Files.size(disk)).isEqualTo((long) OVERLAY_MIB * MIB);
        assertThat(usedBytes(disk)).isBetween((long) OVERLAY_MIB / 2 * MIB, (long) OVERLAY_MIB * MIB);
        assertThat(visit("/health")).isEqualTo("ok");
        plane.delete("db");
        plane.heard("vm.released", event -> vm.equals(event.getString("vm_id")));
        assertThat(disk).doesNotExist();
    }

    private String visit(String path) {
        return plane.visit("db.localhost", path).text();
    }

    private static Predicate<JsonObject> becameRunning(Predicate<String> which) {
        return event -> which.test(event.getString("vm_id"))
                && "running".equals(event.getJsonObject("data").getString("to"));
    }

    private static JsonObject spec(String version) {
        return new JsonObject()
                .put("role", "web")
                .put("env", new JsonObject().put("VERSION", version))
                .put("resources", new JsonObject().put("disk_mb", OVERLAY_MIB))
                .put("warm_pool", new JsonObject().put("min", 0).put("max", 0));
    }

    private static JsonArray volumes() {
        return new JsonArray()
                .add(new JsonObject().put("name", "data").put("mount", "/data").put("size_mb", 64));
    }

    private Stream<Path> volumeFiles() throws IOException {
        try (var files = Files.walk(plane.stateDir().resolve("volumes"))) {
            return files.filter(Files::isRegularFile).toList().stream();
        }
    }

    /** What the file takes of the host's disk. */
    private static long usedBytes(Path file) throws IOException {
        var stat = new ProcessBuilder("stat", "--format=%b", file.toString()).start();
        return 512 * Long.parseLong(new String(stat.getInputStream().readAllBytes(), UTF_8).trim());
    }
}
