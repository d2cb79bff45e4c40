package dev.vmplane.host;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class CpuInfoTest {

    @ParameterizedTest
    @CsvSource({
        "fpu vmx sse,amd64,true",
        "fpu svm,amd64,true",
        "fpu sse,amd64,false",
        "fpu xsvmx,amd64,false",
        "fp asimd,aarch64,true"
    })
    void aCpuThatVirtualizesSaysSoOrIsArm(String flags, String architecture, boolean virtualizes) {
        var text = "processor\t: 0\nmodel name\t: vmx imitation\nflags\t\t: " + flags + "\nbugs\t\t: none\n";

        assertThat(new CpuInfo(text, architecture).virtualizes()).isEqualTo(virtualizes);
    }

    @Test
    void theFrequencyIsThatOfTheFirstCpu() {
        var text = "processor\t: 0\ncpu MHz\t\t: 2596.154\nprocessor\t: 1\ncpu MHz\t\t: 800.000\n";

        assertThat(new CpuInfo(text, "amd64").frequencyKhz()).hasValue(2_596_154);
    }

    @Test
    void aHostThatSaysNothingHasNoFrequency() {
        assertThat(new CpuInfo("", "aarch64").frequencyKhz()).isEmpty();
    }
}
