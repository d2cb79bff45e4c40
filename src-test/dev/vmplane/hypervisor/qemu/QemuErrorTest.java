package dev.vmplane.hypervisor.qemu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.model.ReasonCode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class QemuErrorTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | it said nothing",
                "'qemu: warning: slow\nqemu: no such option\nmore' | qemu: no such option",
                "'/usr/bin/qemu: -drive file=/a/b/c.img,if=none: bad' | 'qemu: -drive file=c.img,if=none: bad'",
                "'could not open ''/a b/c/d.img''' | 'could not open ''d.img'''",
                "'file \u201c/a b/c/d.img\u201d: open() failed' | 'file \u201cd.img\u201d: open() failed'",
                "'a\tb\u0007c' | 'a b c'"
            })
    void itsFirstTellingLineIsTheReasonWithoutPaths(String output, String reason) {
        assertThat(QemuError.ended(output)).hasMessage("qemu cannot start: " + reason);
    }

    /** The lines are those of QEMU 7.2. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '#', textBlock = """
            q: -netdev tap,ifname=t: could not configure /dev/net/tun (t): Device or resource busy | NETWORK_FAILED
            q: -netdev tap,ifname=t: could not open /dev/net/tun: Permission denied                | NETWORK_FAILED
            q: -netdev user: Could not set up host forwarding rule 'tcp:127.0.0.2:80-:80'          | NETWORK_FAILED
            q: -device virtio-blk-device,drive=s: Failed to get "write" lock                       | DISK_FAILED
            q: -drive id=s,file=/a/x.img: Could not open '/a/x.img': No such file or directory     | IMAGE_UNREADABLE
            qemu: linux kernel too old to load a ram disk                                          | IMAGE_UNREADABLE
            qemu: could not open kernel file '/a/b': No such file or directory                     | IMAGE_UNREADABLE
            qemu: initrd is too large, cannot support.(max: 134217727, need 209715200)             | IMAGE_UNREADABLE
            q: cannot set up guest memory 'microvm.ram': Cannot allocate memory                    | LAUNCH_FAILED
            """)
    void whatFailedIsSaidByItsKind(String output, ReasonCode code) {
        assertThat(QemuError.ended(output).reason().code()).isEqualTo(code);
    }
}
