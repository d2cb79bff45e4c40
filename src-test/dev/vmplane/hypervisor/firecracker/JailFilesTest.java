package dev.vmplane.hypervisor.firecracker;

import static dev.vmplane.host.HostRig.await;
import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.vmplane.host.HostRig;
import dev.vmplane.host.Link;
import dev.vmplane.host.Removal;
import dev.vmplane.host.RunDirectory;
import dev.vmplane.hypervisor.HypervisorException;
import dev.vmplane.hypervisor.Machine;
import dev.vmplane.hypervisor.Machine.Disk;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Resources;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What lies in a jail and whose it is, on real file systems. Giving files to another user takes root. */
class JailFilesTest {
    private static final int UID = 200_005;
    private static final int ROOT = 0;

    /** A file system of its own on every Linux host. */
    private static final Path ELSEWHERE = Path.of("/dev/shm");

    @TempDir
    private Path images;

    private HostRig host;
    private RunDirectory directory;
    private Jail jail;
    private JailFiles files;

    @BeforeEach
    void open() throws IOException {
        assumeThat(Files.getAttribute(Path.of("/proc/self"), "unix:uid"))
                .as("jails are made by root")
                .isEqualTo(ROOT);
        host = new HostRig();
        directory = host.directory("vm-1");
        jail = new Jail(directory, "vm-1", "firecracker");
        files = new JailFiles(jail, UID);
        for (var image : List.of("kernel", "initramfs", "rootfs")) {
            Files.writeString(images.resolve(image), image);
            permit(images.resolve(image), "rw-r--r--");
        }
        Files.writeString(directory.configDisk(), "secret");
        permit(directory.configDisk(), "rw-------");
    }

    @AfterEach
    void close() throws IOException {
        if (host != null) {
            host.close();
        }
    }

    @Test
    void sharedImagesAreTheVeryFilesAndKeepTheirOwner() throws IOException {
        files.lay(machine());

        for (var image : List.of("kernel", "initramfs", "rootfs")) {
            var shared = images.resolve(image);
            assertThat(Files.isSameFile(jail.inside(shared), shared)).isTrue();
            assertThat(owner(shared)).isEqualTo(ROOT);
            assertThat(permissions(shared)).isEqualTo("rw-r--r--");
        }
    }

    @Test
    void whatBelongsToTheVmIsGivenToItsUser() throws IOException {
        var volume = Files.writeString(host.runDir.resolveSibling("volume.img"), "data");

        files.lay(machine(new Disk("volume0", volume, true)));

        for (var own : List.of(directory.configDisk(), volume)) {
            assertThat(Files.isSameFile(jail.inside(own), own)).isTrue();
            assertThat(owner(own)).isEqualTo(UID);
            assertThat(Files.getAttribute(own, "unix:gid")).isEqualTo(UID);
        }
        assertThat(permissions(directory.configDisk())).isEqualTo("rw-------");
    }

    @Test
    void theUserMakesFilesInTheDirectoryOfTheVmAndInNoOther() throws IOException {
        files.lay(machine());

        var own = jail.inside(directory.path());
        assertThat(owner(own)).isEqualTo(UID);
        for (var above = own.getParent(); !above.equals(jail.root()); above = above.getParent()) {
            assertThat(owner(above)).isEqualTo(ROOT);
            assertThat(permissions(above)).isEqualTo("rwxr-xr-x");
        }
    }

    @Test
    void theSocketInTheJailAnswersAtTheVmsOwnPath() throws IOException {
        files.lay(machine());

        try (var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
                var client = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            // From outside the path in the jail is too long to bind to; the jailed process has the short one.
            var bound = host.runDir.resolveSibling("s");
            server.bind(UnixDomainSocketAddress.of(bound));
            Files.move(bound, jail.inside(directory.apiSocket()));

            assertThat(client.connect(UnixDomainSocketAddress.of(directory.apiSocket())))
                    .isTrue();
        }
    }

    @Test
    void theLogInTheJailIsReadAtTheVmsOwnPath() throws IOException {
        files.lay(machine());

        Files.writeString(jail.inside(directory.vmmLog()), "warning");

        assertThat(directory.vmmLog()).hasContent("warning");
    }

    @Test
    void theRootIsWhereJailsAreLookedForWhateverTheProgramIsCalled() throws IOException {
        var versioned = new Jail(directory, "vm-1", "firecracker-v1.12.0-x86_64");

        new JailFiles(versioned, UID).lay(machine());

        assertThat(jail.root()).isEqualTo(directory.jailRoot());
        assertThat(Files.isSameFile(directory.jailRoot(), versioned.root())).isTrue();
    }

    @Test
    void anImageThatOnlyRootMayReadIsRefusedAndLeftAsItIs() throws IOException {
        permit(images.resolve("rootfs"), "rw-r-----");

        var refusal = refusal(machine());

        assertThat(refusal.reason().code()).isEqualTo(ReasonCode.IMAGE_UNREADABLE);
        assertThat(refusal)
                .hasMessage("vm vm-1 cannot launch: the user of its jail cannot read 'rootfs';"
                        + " make it readable for all (chmod o+r), or set jailer.use: never");
        assertThat(permissions(images.resolve("rootfs"))).isEqualTo("rw-r-----");
    }

    @Test
    void aMissingImageIsRefusedByName() throws IOException {
        Files.delete(images.resolve("kernel"));

        var refusal = refusal(machine());

        assertThat(refusal.reason().code()).isEqualTo(ReasonCode.IMAGE_UNREADABLE);
        assertThat(refusal).hasMessage("vm vm-1 cannot launch: 'kernel' does not exist");
    }

    @Test
    void aLinkIsNoDisk() throws IOException {
        var link = Files.createSymbolicLink(images.resolve("link"), images.resolve("rootfs"));

        var refusal = refusal(machine(new Disk("volume0", link, true)));

        assertThat(refusal).hasMessage("vm vm-1 cannot launch: 'link' is not a regular file");
        assertThat(owner(images.resolve("rootfs"))).isEqualTo(ROOT);
    }

    @Test
    void anImageOnAnotherFileSystemIsCopiedForTheUser() throws IOException {
        var far = far();
        try {
            var image = Files.writeString(far.resolve("rootfs"), "rootfs");
            permit(image, "rw-r--r--");

            files.lay(machine(new Disk("rootfs", image, false)));

            var copy = jail.inside(image);
            assertThat(copy).hasContent("rootfs");
            assertThat(owner(copy)).isEqualTo(UID);
            assertThat(permissions(copy)).isEqualTo("r--------");
            assertThat(owner(image)).isEqualTo(ROOT);
        } finally {
            remove(far);
        }
    }

    @Test
    void aDiskThatIsWrittenIsNeverACopy() throws IOException {
        var far = far();
        try {
            var volume = Files.writeString(far.resolve("volume.img"), "data");

            var refusal = refusal(machine(new Disk("volume0", volume, true)));

            assertThat(refusal.reason().code()).isEqualTo(ReasonCode.DISK_FAILED);
            assertThat(refusal).hasMessageContaining("one file system");
            assertThat(owner(volume)).isEqualTo(ROOT);
        } finally {
            remove(far);
        }
    }

    @Test
    void aJailThatIsLaidAgainHoldsNothingOfTheFormerOne() throws Exception {
        files.lay(machine());
        var device = device();
        Files.writeString(jail.inside(directory.apiSocket()), "stale");

        files.lay(machine());

        assertThat(device).doesNotExist();
        assertThat(jail.inside(directory.apiSocket())).doesNotExist();
        assertThat(Files.isSameFile(jail.inside(directory.configDisk()), directory.configDisk()))
                .isTrue();
    }

    @Test
    void theJailGoesWithTheRunDirectoryAndTheImagesStay() throws Exception {
        files.lay(machine());
        device();

        await(host.directories.takeBack("vm-1"));

        assertThat(directory.path()).doesNotExist();
        assertThat(images.resolve("kernel")).hasContent("kernel");
        assertThat(Files.getAttribute(images.resolve("kernel"), "unix:nlink")).isEqualTo(1);
    }

    /** A device file like those the jailer makes. */
    private Path device() throws IOException, InterruptedException {
        var device = Files.createDirectories(jail.root().resolve("dev")).resolve("null");
        var made = new ProcessBuilder("mknod", device.toString(), "c", "1", "3")
                .inheritIO()
                .start();
        assertThat(made.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(Files.readAttributes(device, BasicFileAttributes.class, NOFOLLOW_LINKS)
                        .isOther())
                .isTrue();
        return device;
    }

    private Path far() throws IOException {
        assumeThat(Files.isDirectory(ELSEWHERE)).as("/dev/shm is there").isTrue();
        assumeThat(Files.getFileStore(ELSEWHERE).equals(Files.getFileStore(host.runDir)))
                .as("/dev/shm is the file system of the run directory")
                .isFalse();
        return Files.createTempDirectory(ELSEWHERE, "vmplane");
    }

    private Machine machine(Disk... more) {
        var disks = new ArrayList<>(List.of(
                new Disk("rootfs", images.resolve("rootfs"), false),
                new Disk("config", directory.configDisk(), false)));
        disks.addAll(List.of(more));
        return new Machine(
                "vm-1",
                directory,
                images.resolve("kernel"),
                images.resolve("initramfs"),
                disks,
                Resources.of(1, 128),
                new Link.Loopback("127.64.0.5"),
                List.of());
    }

    private HypervisorException refusal(Machine machine) {
        var thrown = new HypervisorException[1];
        assertThatThrownBy(() -> files.lay(machine))
                .isInstanceOfSatisfying(HypervisorException.class, refusal -> thrown[0] = refusal);
        return thrown[0];
    }

    private static void remove(Path directory) throws IOException {
        Removal.of(directory);
    }

    private static Object owner(Path path) throws IOException {
        return Files.getAttribute(path, "unix:uid", NOFOLLOW_LINKS);
    }

    private static String permissions(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path, NOFOLLOW_LINKS));
    }

    private static void permit(Path path, String permissions) throws IOException {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
    }
}
