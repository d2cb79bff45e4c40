package dev.vmplane.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VmUidsTest {
    @ParameterizedTest
    @CsvSource({
        "10.88.0.0/16,    10.88.0.2,       200002",
        "10.88.0.0/16,    10.88.1.0,       200256",
        "10.88.0.0/16,    10.88.255.254,   265534",
        "10.0.0.0/8,      10.255.255.254,  16977214",
        "192.168.7.64/26, 192.168.7.127,   200063",
        "192.168.7.0/30,  192.168.7.1,     200001",
        "127.64.0.0/16,   127.64.0.5,      200005",
    })
    void aVmRunsAsTheUserOfItsNumberInTheRange(String range, String address, int uid) {
        assertThat(VmUids.of(200_000, range).of(address)).isEqualTo(uid);
    }

    @Test
    void noTwoAddressesOfARangeShareAUser() {
        var uids = VmUids.of(200_000, "10.88.0.0/16");

        var seen = new HashSet<Integer>();
        for (var host = 0; host < 1 << 16; host++) {
            seen.add(uids.of("10.88." + (host >> 8) + "." + (host & 255)));
        }

        assertThat(seen).hasSize(1 << 16).allMatch(uid -> uid >= 200_000 && uid < 265_536);
    }
}
