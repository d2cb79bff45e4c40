package dev.vmplane.hypervisor.qemu;

import static org.assertj.core.api.Assertions.assertThat;

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
                "'a\tb\u0007c' | 'a b c'"
            })
    void itsFirstTellingLineIsTheReasonWithoutPaths(String output, String reason) {
        assertThat(QemuError.reason(output)).isEqualTo(reason);
    }
}
