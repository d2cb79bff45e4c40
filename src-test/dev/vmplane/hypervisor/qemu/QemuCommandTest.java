package dev.vmplane.hypervisor.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmplane.host.CpuInfo;
import dev.vmplane.host.GuestNetwork;
import dev.vmplane.host.Link;
import dev.vmplane.host.RunDirectory;
import dev.vmplane.hypervisor.HypervisorException;
import dev.vmplane.hypervisor.Machine;
import dev.vmplane.hypervisor.Machine.Disk;
import dev.vmplane.hypervisor.Machines;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Resources;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class QemuCommandTest {
    private static final Acceleration TRANSLATED =
            Acceleration.translation(new CpuInfo("cpu MHz\t\t: 2596.154\n", "amd64"));
    private static final Link FORWARDED = new Link.Forwarded("127.64.0.5", 4000);
    private static final Link TAP = new Link.Tap(
            "vm-isrtgd2s8f", "06:00:0a:58:00:02", new GuestNetwork("10.88.0.2/32", "10.88.0.1", List.of()));

    @Test
    void theWholeMachineIsOnTheCommandLine() {
        var command = command(TRANSLATED, machine(Path.of("/s/run/vm-1")));

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
        var command = command(TRANSLATED, machine(Path.of("/s/run/vm-1")));

        assertThat(valuesOf("-drive", command))
                .containsExactly(
                        "id=rootfs,format=raw,if=none,readonly=on,file=/images/root.ext4",
                        "id=config,format=raw,if=none,readonly=on,file=/s/run/vm-1/config.img");
        assertThat(valuesOf("-device", command))
                .startsWith("virtio-blk-device,drive=rootfs", "virtio-blk-device,drive=config");
    }

    @Test
    void aWritableDiskKeepsWhatTheGuestFlushesAndGivesBackWhatItDiscards() {
        var scratch = new Disk("scratch", Path.of("/s/run/vm-1/overlay.img"), true);

        var command = command(TRANSLATED, with(List.of(scratch), Resources.of(1, 128), FORWARDED));

        assertThat(valuesOf("-drive", command))
                .containsExactly("id=scratch,format=raw,if=none,readonly=off,cache=writeback,discard=unmap,"
                        + "file=/s/run/vm-1/overlay.img");
    }

    @Test
    void theRateOfADiskIsInMillionsOfBytes() {
        var disk = new Disk("rootfs", Path.of("/images/root.ext4"), false);

        var command = command(TRANSLATED, with(List.of(disk), new Resources(1, 128, 1024, 5_000, 0), FORWARDED));

        assertThat(valuesOf("-drive", command))
                .containsExactly("id=rootfs,format=raw,if=none,readonly=on,throttling.bps-total=5000000000,"
                        + "file=/images/root.ext4");
    }

    @Test
    void aTapIsTakenAsItIsAndTheCardHasItsAddress() {
        var command = command(TRANSLATED, with(List.of(), Resources.of(1, 128), TAP));

        assertThat(valuesOf("-netdev", command))
                .containsExactly("tap,id=net,ifname=vm-isrtgd2s8f,script=no,downscript=no,vhost=off");
        assertThat(valuesOf("-device", command)).contains("virtio-net-device,netdev=net,mac=06:00:0a:58:00:02");
    }

    @Test
    void theHostsKernelMovesThePacketsOfATapWhenItCan() {
        var command = command(Acceleration.kvm(true), with(List.of(), Resources.of(1, 128), TAP));

        assertThat(valuesOf("-netdev", command)).singleElement().asString().endsWith(",vhost=on");
    }

    @Test
    void theHostsLoopbackIsNoNetworkForAGuest() {
        var machine = with(List.of(), Resources.of(1, 128), new Link.Loopback("127.64.0.5"));

        assertThatThrownBy(() -> command(TRANSLATED, machine))
                .isInstanceOfSatisfying(
                        HypervisorException.class,
                        failed -> assertThat(failed.reason().code()).isEqualTo(ReasonCode.NETWORK_FAILED));
    }

    @Test
    void theAgentFindsItsPortByName() {
        var command = command(TRANSLATED, machine(Path.of("/s/run/vm-1")));

        assertThat(valuesOf("-chardev", command))
                .contains("socket,id=agent,server=on,wait=off,path=/s/run/vm-1/agent.sock");
        assertThat(valuesOf("-device", command))
                .containsSubsequence("virtio-serial-device", "virtserialport,chardev=agent,name=vmplane.agent");
    }

    @Test
    void everyGuestHasRandomnessAndABalloon() {
        var command = command(TRANSLATED, machine(Path.of("/s/run/vm-1")));

        assertThat(valuesOf("-device", command))
                .contains("virtio-rng-device", "virtio-balloon-device,deflate-on-oom=on");
    }

    @Test
    void aCommaInAPathAddsNoOption() {
        var command = command(TRANSLATED, machine(Path.of("/s/a,server=off/vm-1")));

        assertThat(valuesOf("-chardev", command))
                .containsExactly(
                        "socket,id=control,server=on,wait=off,path=/s/a,,server=off/vm-1/api.sock",
                        "file,id=console,append=on,path=/s/a,,server=off/vm-1/console.log",
                        "socket,id=agent,server=on,wait=off,path=/s/a,,server=off/vm-1/agent.sock");
    }

    @Test
    void aTranslatedGuestIsToldTheFrequencyOfTheTimeStampCounter() {
        var command = command(TRANSLATED, machine(Path.of("/s/run/vm-1")));

        assertThat(valuesOf("-accel", command)).containsExactly("tcg,tb-size=128");
        assertThat(valuesOf("-append", command))
                .containsExactly(
                        "console=ttyS0 quiet reboot=t panic=-1 cryptomgr.notests mitigations=off tsc_early_khz=2596154");
    }

    @Test
    void aGuestOnTheHostsCpuMeasuresForItself() {
        var command = command(Acceleration.kvm(false), machine(Path.of("/s/run/vm-1")));

        assertThat(valuesOf("-accel", command)).containsExactly("kvm");
        assertThat(valuesOf("-cpu", command)).containsExactly("host");
        assertThat(valuesOf("-append", command)).containsExactly("console=ttyS0 quiet reboot=t panic=-1");
    }

    private static List<String> command(Acceleration acceleration, Machine machine) {
        return new QemuCommand(Path.of("/usr/bin/qemu-system-x86_64"), acceleration).of(machine);
    }

    private static Machine machine(Path directory) {
        return Machines.of(
                "vm-1",
                new RunDirectory(directory),
                Path.of("/images/vmlinux"),
                Path.of("/images/vmlinux.initramfs"),
                Path.of("/images/root.ext4"),
                Resources.of(2, 512),
                FORWARDED);
    }

    private static Machine with(List<Disk> disks, Resources resources, Link link) {
        var kernel = Path.of("/images/vmlinux");
        var initramfs = Path.of("/images/vmlinux.initramfs");
        var directory = new RunDirectory(Path.of("/s/run/vm-1"));
        return new Machine("vm-1", directory, kernel, initramfs, disks, resources, link, List.of());
    }

    private static List<String> valuesOf(String option, List<String> command) {
        return IntStream.range(1, command.size())
                .filter(index -> command.get(index - 1).equals(option))
                .mapToObj(command::get)
                .toList();
    }
}
