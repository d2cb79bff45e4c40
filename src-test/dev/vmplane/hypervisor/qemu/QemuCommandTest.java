package dev.vmplane.hypervisor.qemu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.host.CpuInfo;
import dev.vmplane.host.Link;
import dev.vmplane.host.RunDirectory;
import dev.vmplane.hypervisor.Machines;
import dev.vmplane.model.Resources;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

final class QemuCommandTest {
    private static final CpuInfo CPU = new CpuInfo("cpu MHz\t\t: 2596.154\n", "amd64");

    @Test
    void theWholeMachineIsOnTheCommandLine() {
        var command = command(false, Path.of("/s/run/vm-1"));

        assertThat(valuesOf("-m", command)).containsExactly("512");
        assertThat(valuesOf("-smp", command)).containsExactly("2");
        assertThat(valuesOf("-kernel", command)).containsExactly("/images/vmlinux");
        assertThat(valuesOf("-initrd", command)).containsExactly("/images/vmlinux.initramfs");
        assertThat(valuesOf("-netdev", command))
                .containsExactly("user,id=net,restrict=on,hostfwd=tcp:127.64.0.5:4000-:4000");
        assertThat(command).contains("-S", "-no-reboot");
    }

    @Test
    void theRootComesBeforeTheConfigurationAndBothAreReadOnly() {
        var command = command(false, Path.of("/s/run/vm-1"));

        assertThat(valuesOf("-drive", command))
                .containsExactly(
                        "id=rootfs,format=raw,if=none,readonly=on,file=/images/root.ext4",
                        "id=config,format=raw,if=none,readonly=on,file=/s/run/vm-1/config.img");
        assertThat(valuesOf("-device", command))
                .startsWith("virtio-blk-device,drive=rootfs", "virtio-blk-device,drive=config");
    }

    @Test
    void aCommaInAPathAddsNoOption() {
        var command = command(false, Path.of("/s/a,server=off/vm-1"));

        assertThat(valuesOf("-chardev", command))
                .containsExactly(
                        "socket,id=control,server=on,wait=off,path=/s/a,,server=off/vm-1/api.sock",
                        "file,id=console,append=on,path=/s/a,,server=off/vm-1/console.log");
    }

    @Test
    void aTranslatedGuestIsToldTheFrequencyOfTheTimeStampCounter() {
        var command = command(false, Path.of("/s/run/vm-1"));

        assertThat(valuesOf("-accel", command)).containsExactly("tcg");
        assertThat(valuesOf("-append", command))
                .containsExactly(
                        "console=ttyS0 quiet reboot=t panic=-1 cryptomgr.notests mitigations=off tsc_early_khz=2596154");
    }

    @Test
    void aGuestOnTheHostsCpuMeasuresForItself() {
        var command = command(true, Path.of("/s/run/vm-1"));

        assertThat(valuesOf("-accel", command)).containsExactly("kvm");
        assertThat(valuesOf("-cpu", command)).containsExactly("host");
        assertThat(valuesOf("-append", command)).containsExactly("console=ttyS0 quiet reboot=t panic=-1");
    }

    private static List<String> command(boolean kvm, Path directory) {
        var machine = Machines.of(
                "vm-1",
                new RunDirectory(directory),
                Path.of("/images/vmlinux"),
                Path.of("/images/vmlinux.initramfs"),
                Path.of("/images/root.ext4"),
                Resources.of(2, 512),
                new Link.Forwarded("127.64.0.5", 4000));
        return new QemuCommand(Path.of("/usr/bin/qemu-system-x86_64"), Acceleration.of(kvm, CPU)).of(machine);
    }

    private static List<String> valuesOf(String option, List<String> command) {
        return java.util.stream.IntStream.range(1, command.size())
                .filter(index -> command.get(index - 1).equals(option))
                .mapToObj(command::get)
                .toList();
    }
}
