package dev.vmplane.walk;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The image of a guest whose one program does what tests of guests need, see {@code src-test/vmm/guest.c}. */
final class GuestTool {
    static final String PROGRAM = "/app/bin/tool";
    static final String ROOTFS = "rootfs-tool.ext4";
    private static final int ROOTFS_MIB = 8;

    private GuestTool() {}

    /** A directory of images with it, below {@code home}. */
    static Path images(Path home) throws IOException, InterruptedException {
        var images = Files.createDirectory(home.resolve("images"));
        for (var name : List.of("vmlinux", "vmlinux.initramfs")) {
            Files.copy(RealPlane.images().resolve(name), images.resolve(name));
        }
        makeRootfs(home.resolve("root"), images.resolve(ROOTFS));
        return images;
    }

    private static void makeRootfs(Path root, Path image) throws IOException, InterruptedException {
        for (var directory : List.of("app/bin", "dev", "etc", "proc", "run", "sys", "tmp", "root", "var")) {
            Files.createDirectories(root.resolve(directory));
        }
        run(
                "cc",
                "-std=c11",
                "-O2",
                "-static",
                "-s",
                "-Wall",
                "-Wextra",
                "-Werror",
                Path.of("src-test/vmm/guest.c").toAbsolutePath().toString(),
                "-o",
                root + PROGRAM);
        run(
                "mke2fs",
                "-q",
                "-t",
                "ext4",
                "-E",
                "root_owner=0:0",
                "-d",
                root.toString(),
                image.toString(),
                ROOTFS_MIB + "M");
    }

    private static void run(String... command) throws IOException, InterruptedException {
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
    }
}
