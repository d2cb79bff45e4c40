package dev.vmplane.host.network;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RangeTest {
    @ParameterizedTest(name = "{0}: {1} on {2}")
    @CsvSource({
        "10.88.0.0/16, 10.88.0.1, 10.88.0.0/16",
        "10.88.77.9/16, 10.88.0.1, 10.88.0.0/16",
        "192.168.255.252/30, 192.168.255.253, 192.168.255.252/30",
        "128.0.0.0/8, 128.0.0.1, 128.0.0.0/8"
    })
    void theFirstAddressIsTheGateway(String cidr, String gateway, String network) {
        assertThat(Range.of(cidr).gateway()).isEqualTo(gateway);
        assertThat(Range.of(cidr)).hasToString(network);
    }

    @Test
    void aRangeKnowsItsOwn() {
        var range = Range.of("10.88.0.0/16");

        assertThat(range.contains("10.88.255.255")).isTrue();
        assertThat(range.contains("10.89.0.0")).isFalse();
        assertThat(range.contains("127.64.0.1")).isFalse();
    }

    @ParameterizedTest(name = "{0} and {1}: {2}")
    @CsvSource({
        "10.88.0.0/16, 10.0.0.0/8, true",
        "10.0.0.0/8, 10.88.0.0/16, true",
        "10.88.0.0/16, 10.88.3.4/32, true",
        "10.88.0.0/16, 10.89.0.0/16, false",
        "127.64.0.0/16, 127.0.0.0/8, true"
    })
    void rangesOverlapWhenOneIsInTheOther(String one, String other, boolean overlap) {
        assertThat(Range.of(one).overlaps(Range.of(other))).isEqualTo(overlap);
    }

    @Test
    void everyAddressHasAHardwareAddressOfItsOwn() {
        assertThat(Range.mac("10.88.0.2")).isEqualTo("06:00:0a:58:00:02");
        assertThat(Range.mac("255.254.1.0")).isEqualTo("06:00:ff:fe:01:00");
    }
}
