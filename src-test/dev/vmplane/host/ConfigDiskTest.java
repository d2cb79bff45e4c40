package dev.vmplane.host;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmplane.model.Program;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

final class ConfigDiskTest {

    @Test
    void theDiskBeginsWithItsMagicAndTheLengthOfWhatFollows() {
        var disk = ConfigDisk.encode(config(List.of("/app/bin/server"), Map.of()));

        var header = ByteBuffer.wrap(disk).order(ByteOrder.LITTLE_ENDIAN);
        var magic = new byte[8];
        header.get(magic);
        assertThat(new String(magic, UTF_8)).isEqualTo("VMPLANE1");
        assertThat(header.getInt()).isEqualTo(payload(disk).getBytes(UTF_8).length);
    }

    @Test
    void everythingToldIsInItInOrder() {
        var variables = new TreeMap<>(Map.of("B", "2=two", "A", "line\nline"));

        var disk = ConfigDisk.encode(config(List.of("sh", "-c", "écho"), variables));

        assertThat(payload(disk).split("\0"))
                .containsExactly(
                        "arg=sh",
                        "arg=-c",
                        "arg=écho",
                        "env=A=line\nline",
                        "env=B=2=two",
                        "user=web:www",
                        "workdir=/srv",
                        "stop_signal=SIGQUIT",
                        "interactive=1",
                        "vm_id=vm-1",
                        "hostname=vm-1",
                        "ip=10.0.2.15/24",
                        "gateway=10.0.2.2",
                        "dns=10.0.2.3",
                        "dns=10.0.2.4",
                        "stop_grace_s=7",
                        "overlay=/dev/vdc",
                        "volume=/dev/vdd:/data",
                        "volume=/dev/vde:/data/b",
                        "end=poweroff");
    }

    @Test
    void whatAGuestDoesNotHaveIsLeftOut() {
        var disk = ConfigDisk.encode(
                new GuestConfig("vm-1", List.of("true"), Map.of(), null, null, List.of(), 10, GuestConfig.End.REBOOT));

        assertThat(payload(disk).split("\0"))
                .containsExactly("arg=true", "vm_id=vm-1", "hostname=vm-1", "stop_grace_s=10", "end=reboot");
    }

    @Test
    void theDiskIsWholeSectorsFilledUpWithZeros() {
        var disk = ConfigDisk.encode(config(List.of("x".repeat(600)), Map.of()));

        assertThat(disk.length % 512).isZero();
        int used = 12 + payload(disk).getBytes(UTF_8).length;
        assertThat(disk.length - used).isBetween(0, 511);
        assertThat(new String(disk, used, disk.length - used, UTF_8)).matches("\0*");
    }

    @Test
    void nulIsRefusedAndTheSecretIsNotRepeated() {
        assertThatThrownBy(() -> ConfigDisk.encode(config(List.of("true"), Map.of("KEY", "secret\0more"))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("guest configuration cannot hold 'env': it contains NUL");
    }

    @Test
    void aVariableWhoseNameHoldsAnEqualsSignIsRefused() {
        assertThatThrownBy(() -> ConfigDisk.encode(config(List.of("true"), Map.of("A=B", "1"))))
                .hasMessage("guest configuration cannot hold a variable named 'A=B'");
    }

    @Test
    void moreThanAMebibyteIsRefused() {
        assertThatThrownBy(() -> ConfigDisk.encode(config(List.of("x".repeat(1 << 20)), Map.of())))
                .hasMessage("guest configuration cannot exceed 1048576 bytes");
    }

    private static GuestConfig config(List<String> cmd, Map<String, String> env) {
        return new GuestConfig(
                "vm-1",
                new Program(cmd, env, "web:www", "/srv", "SIGQUIT", true),
                "10.0.2.15/24",
                "10.0.2.2",
                List.of("10.0.2.3", "10.0.2.4"),
                7,
                GuestConfig.End.POWEROFF,
                new GuestDisks(
                        "/dev/vdc",
                        List.of(
                                new GuestDisks.Mount("/dev/vdd", "/data"),
                                new GuestDisks.Mount("/dev/vde", "/data/b"))));
    }

    private static String payload(byte[] disk) {
        int length = ByteBuffer.wrap(disk).order(ByteOrder.LITTLE_ENDIAN).getInt(8);
        return new String(disk, 12, length, UTF_8);
    }
}
