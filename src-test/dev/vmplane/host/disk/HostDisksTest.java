package dev.vmplane.host.disk;

import static dev.vmplane.host.disk.DiskTools.MKE2FS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Await;
import dev.vmplane.Samples;
import dev.vmplane.host.Disks.Disk;
import dev.vmplane.host.GuestDisks;
import dev.vmplane.host.HostException;
import dev.vmplane.host.RunDirectories;
import dev.vmplane.model.Boot;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Phase;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.States;
import dev.vmplane.model.VolumeMount;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which disks a VM has, what its guest is told of them, and that they are there once they were made. */
class HostDisksTest {
    @TempDir
    Path state;

    private final Vertx vertx = Vertx.vertx();
    private RunDirectories directories;
    private HostDisks disks;

    @BeforeEach
    void start() {
        var worker = vertx.createSharedWorkerExecutor("test-disk", 2);
        directories = new RunDirectories(state.resolve("run"), worker);
        disks = new HostDisks(directories, new VolumeFiles(state.resolve("volumes"), MKE2FS, worker), MKE2FS, worker);
    }

    @AfterEach
    void stop() {
        Await.of(vertx.close());
    }

    @Test
    void theOverlayComesFirstThenTheVolumesInTheOrderOfTheirNames() {
        assertThat(disks.of(vm()))
                .containsExactly(
                        new Disk("overlay", state.resolve("run/vm-a/overlay.img")),
                        new Disk("volume0", state.resolve("volumes/vol-2.img")),
                        new Disk("volume1", state.resolve("volumes/vol-1.img")));
    }

    @Test
    void theGuestMountsWhatHoldsAnotherMountBeforeIt() {
        assertThat(disks.guest(vm()))
                .isEqualTo(new GuestDisks(
                        "/dev/vdc",
                        List.of(
                                new GuestDisks.Mount("/dev/vde", "/srv"),
                                new GuestDisks.Mount("/dev/vdd", "/srv/cache"))));
    }

    @Test
    void whatWasMadeIsThereAndWhatIsLentGoesWithItsDirectory() {
        Await.of(directories.lend(vm()));

        Await.of(disks.make(vm()));

        assertThat(disks.of(vm())).allSatisfy(disk -> DiskTools.check(disk.file()));
        Await.of(directories.takeBack("vm-a"));
        assertThat(disks.of(vm()).stream().map(disk -> Files.exists(disk.file())))
                .containsExactly(false, true, true);
    }

    @Test
    void aDiskThatCannotBeMadeIsToldWithoutAPath() throws IOException {
        Await.of(directories.lend(vm()));
        Files.writeString(state.resolve("volumes"), "in the way");

        var failure = Await.failureOf(disks.make(vm()));

        assertThat(failure).isInstanceOf(HostException.class).hasMessageStartingWith("vm vm-a cannot be lent a disk: ");
        assertThat(((HostException) failure).reason().code()).isEqualTo(ReasonCode.DISK_FAILED);
        assertThat(failure.getMessage()).doesNotContain(state.toString());
    }

    /** Names sort one way, ids and mounts another. */
    private static MicroVm vm() {
        var plain = Samples.boot(8080);
        var boot = new Boot(
                plain.rootfs(),
                plain.kernel(),
                plain.program().cmd(),
                plain.program().env(),
                plain.resources(),
                List.of(new VolumeMount("cache", "/srv/cache", 16), new VolumeMount("data", "/srv", 16)),
                plain.port(),
                plain.health());
        return new MicroVm(
                "vm-a",
                "here",
                Samples.HASH,
                boot,
                Samples.owner("web", 0),
                States.of(Phase.STARTING, Samples.NOW),
                "127.64.0.1",
                List.of("vol-2", "vol-1"),
                Samples.NOW,
                false);
    }
}
