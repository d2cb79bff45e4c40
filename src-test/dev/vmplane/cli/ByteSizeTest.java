package dev.vmplane.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ByteSizeTest {
    @ParameterizedTest
    @CsvSource({"512m, 512", "512M, 512", "2g, 2048", "1.5GiB, 1536", "1t, 1048576", "1048576, 1", "2048kb, 2"})
    void amountsAreReadAsPeopleWriteThem(String written, int mebibytes) {
        assertThat(ByteSize.mebibytes("--memory", written)).isEqualTo(mebibytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "m", "-1g", "0", "512", "1.5m", "9999999t", "1g1m", "1x"})
    void whatIsNoWholeNumberOfMebibytesIsRefused(String written) {
        assertThatThrownBy(() -> ByteSize.mebibytes("--memory", written))
                .hasMessage("--memory cannot be '" + written + "': an amount of whole MiB such as 512m or 2g");
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0 B",
        "1023, 1023 B",
        "1024, 1.0 KiB",
        "58720256, 56.0 MiB",
        "734003200, 700 MiB",
        "5497558138880, 5.0 TiB"
    })
    void amountsAreShownToAFewDigits(long bytes, String shown) {
        assertThat(ByteSize.shown(bytes)).isEqualTo(shown);
    }
}
