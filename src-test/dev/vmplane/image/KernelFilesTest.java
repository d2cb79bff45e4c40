package dev.vmplane.image;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.model.Kernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelFilesTest {
    @TempDir
    private Path directory;

    @Test
    void kernelsAreFoundByWhatTheyAre() throws IOException {
        Files.writeString(directory.resolve("vmlinux"), elf("\0Linux version 6.1.0-56-cloud-amd64 (x@y) "), ISO_8859_1);
        Files.writeString(directory.resolve("vmlinux.initramfs"), "070701");
        Files.writeString(directory.resolve("vmlinuz"), bzImage("6.1.0-56 (x@y)"), ISO_8859_1);
        Files.writeString(directory.resolve("rootfs-web.ext4"), "no kernel");
        Files.writeString(directory.resolve("empty"), "");
        Files.createDirectory(directory.resolve("folder"));
        Files.createSymbolicLink(directory.resolve("link"), directory.resolve("vmlinux"));

        var kernels = new KernelFiles(directory).list();

        assertThat(kernels).extracting(Kernel::name).containsExactly("vmlinux", "vmlinuz");
        assertThat(kernels).extracting(Kernel::format).containsExactly(Kernel.Format.ELF, Kernel.Format.BZIMAGE);
        assertThat(kernels).extracting(Kernel::version).containsExactly("6.1.0-56-cloud-amd64", "6.1.0-56");
        assertThat(kernels).extracting(Kernel::initramfs).containsExactly(true, false);
    }

    @Test
    void aVersionIsFoundWhereverItStands() throws IOException {
        var text = elf("x".repeat(4 * 1024 * 1024 - 12) + "Linux version 5.10.1 (x@y) ");
        Files.writeString(directory.resolve("vmlinux"), text, ISO_8859_1);

        assertThat(new KernelFiles(directory).list())
                .extracting(Kernel::version)
                .containsExactly("5.10.1");
    }

    @Test
    void aKernelThatSaysNothingHasNoVersion() throws IOException {
        Files.writeString(directory.resolve("a"), elf(""), ISO_8859_1);
        Files.writeString(directory.resolve("b"), bzImage(""), ISO_8859_1);

        assertThat(new KernelFiles(directory).list())
                .extracting(Kernel::version)
                .containsExactly(null, null);
    }

    @Test
    void aDirectoryThatIsNotThereHoldsNone() throws IOException {
        assertThat(new KernelFiles(directory.resolve("nowhere")).list()).isEmpty();
    }

    private static String elf(String text) {
        return "\u007fELF" + text;
    }

    private static String bzImage(String version) {
        var head = "\0".repeat(0x202) + "HdrS" + "\0".repeat(8) + "\u0010\1";
        return head + "\0".repeat(0x310 - head.length()) + version;
    }
}
