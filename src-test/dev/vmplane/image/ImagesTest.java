package dev.vmplane.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.vmplane.Await;
import dev.vmplane.Specs;
import dev.vmplane.model.Boot;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(VertxExtension.class)
class ImagesTest {
    private static final Boot BOOT = Specs.boot("red");
    private static final String KERNEL = BOOT.kernel();
    private static final String ROOTFS = BOOT.rootfs();

    @TempDir
    private Path home;

    private Path directory;
    private Images images;

    @BeforeEach
    void open(Vertx vertx) throws IOException {
        directory = Files.createDirectory(home.resolve("images"));
        images = new Images(directory, vertx.createSharedWorkerExecutor("images", 2));
        Files.writeString(directory.resolve(KERNEL), "kernel");
        Files.writeString(directory.resolve(KERNEL + Images.INITRAMFS), "initramfs");
        Files.writeString(directory.resolve(ROOTFS), "rootfs");
    }

    @Test
    void filesThatAreThereCanBeUsed() {
        Await.of(images.check(BOOT));

        assertThat(images.path(KERNEL)).hasContent("kernel");
    }

    @ParameterizedTest
    @CsvSource({
        "vmlinux, spec.kernel, kernel 'vmlinux'",
        "vmlinux.initramfs, spec.kernel, initramfs 'vmlinux.initramfs'",
        "rootfs-web.ext4, spec.rootfs, rootfs 'rootfs-web.ext4'"
    })
    void aFileThatIsMissingIsNamedWithItsField(String name, String field, String file) throws IOException {
        Files.delete(directory.resolve(name));

        var refusal = refusal(BOOT);

        assertThat(refusal.code()).isEqualTo("image_missing");
        assertThat(refusal.field()).isEqualTo(field);
        assertThat(refusal.message()).contains(file).doesNotContain(home.toString());
    }

    @Test
    void aMissingImageDirectoryIsAMissingFile(Vertx vertx) {
        var nowhere = new Images(home.resolve("nowhere"), vertx.createSharedWorkerExecutor("images", 2));

        assertThat(refusalOf(Await.failureOf(nowhere.check(BOOT))).code()).isEqualTo("image_missing");
    }

    @Test
    void aLinkIsNoImageEvenWhenItLeadsToOne() throws IOException {
        Files.move(directory.resolve(ROOTFS), home.resolve("elsewhere"));
        Files.createSymbolicLink(directory.resolve(ROOTFS), home.resolve("elsewhere"));

        assertThat(refusal(BOOT).code()).isEqualTo("image_unusable");
    }

    @Test
    void aLinkThatLeadsNowhereIsNoImage() throws IOException {
        Files.delete(directory.resolve(ROOTFS));
        Files.createSymbolicLink(directory.resolve(ROOTFS), home.resolve("elsewhere"));

        assertThat(refusal(BOOT).code()).isEqualTo("image_unusable");
    }

    @Test
    void aPipeIsNoImageAndIsNotWaitedFor() throws Exception {
        Files.delete(directory.resolve(ROOTFS));
        var made = new ProcessBuilder("mkfifo", directory.resolve(ROOTFS).toString()).start();
        assertThat(made.waitFor()).isZero();

        assertThat(refusal(BOOT).code()).isEqualTo("image_unusable");
    }

    @Test
    void aDirectoryIsNoImage() throws IOException {
        Files.delete(directory.resolve(ROOTFS));
        Files.createDirectory(directory.resolve(ROOTFS));

        assertThat(refusal(BOOT).code()).isEqualTo("image_unusable");
    }

    @Test
    void aFileThatMayNotBeReadCannotBeUsed() throws IOException {
        var rootfs = directory.resolve(ROOTFS);
        Files.setPosixFilePermissions(rootfs, PosixFilePermissions.fromString("---------"));
        assumeThat(Files.isReadable(rootfs)).as("root reads everything").isFalse();

        assertThat(refusal(BOOT).message()).isEqualTo("rootfs '" + ROOTFS + "' cannot be read");
    }

    @ParameterizedTest
    @CsvSource({"../elsewhere", "/etc/hostname", "sub/rootfs", "..", "."})
    void aNameThatLeadsOutOfTheDirectoryIsRefusedWhateverLiesThere(String name) throws IOException {
        Files.writeString(home.resolve("elsewhere"), "rootfs");
        Files.writeString(Files.createDirectory(directory.resolve("sub")).resolve("rootfs"), "rootfs");

        var refusal = refusal(withRootfs(name));

        assertThat(refusal.code()).isIn("image_outside", "image_unusable");
        assertThat(refusal.field()).isEqualTo("spec.rootfs");
    }

    private Refusal refusal(Boot boot) {
        return refusalOf(Await.failureOf(images.check(boot)));
    }

    private static Refusal refusalOf(Throwable cause) {
        assertThat(cause).isInstanceOf(RefusedException.class);
        return ((RefusedException) cause).refusal();
    }

    private static Boot withRootfs(String rootfs) {
        return new Boot(
                rootfs,
                BOOT.kernel(),
                BOOT.program().cmd(),
                BOOT.program().env(),
                BOOT.resources(),
                BOOT.volumes(),
                BOOT.port(),
                BOOT.health());
    }
}
