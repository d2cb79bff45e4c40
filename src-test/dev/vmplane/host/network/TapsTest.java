package dev.vmplane.host.network;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.host.HostException;
import dev.vmplane.host.network.Taps.Wish;
import dev.vmplane.model.ReasonCode;
import java.io.IOException;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TapsTest {
    private static final Wish ONE = new Wish("vm-aaaaaaaaaa", true, OptionalInt.empty());
    private static final Wish TWO = new Wish("vm-bbbbbbbbbb", true, OptionalInt.empty());
    private static final Wish GONE = Wish.gone("vm-aaaaaaaaaa");

    private Lab lab;
    private String host;
    private Taps taps;

    @BeforeEach
    void build() throws IOException {
        lab = new Lab();
        host = lab.namespace("host");
        lab.in(host, "ip", "link", "add", "br0", "type", "bridge");
        taps = new Taps("br0", lab.tool(host, "ip"), lab.interfaces(host));
    }

    @AfterEach
    void tearDown() throws IOException {
        lab.close();
    }

    @Test
    void aTapIsAnIsolatedPortOfTheBridge() throws Exception {
        assertThat(taps.apply(List.of(ONE, TWO))).isEmpty();

        assertThat(taps.there()).containsExactlyInAnyOrder(ONE.vmId(), TWO.vmId());
        assertThat(lab.in(host, "ip", "-d", "link", "show", ONE.vmId()))
                .contains("tun type tap")
                .contains("master br0")
                .contains("isolated on")
                .contains(",UP");
    }

    @Test
    void aTapThatIsThereIsKept() throws Exception {
        taps.apply(List.of(ONE));
        var before = lab.in(host, "cat", "/sys/class/net/" + ONE.vmId() + "/ifindex");

        assertThat(taps.apply(List.of(ONE))).isEmpty();

        assertThat(lab.in(host, "cat", "/sys/class/net/" + ONE.vmId() + "/ifindex"))
                .isEqualTo(before);
    }

    @Test
    void aTapThatWasNotSetUpToTheEndIsFinished() throws Exception {
        lab.in(host, "ip", "tuntap", "add", "dev", ONE.vmId(), "mode", "tap");

        assertThat(taps.apply(List.of(ONE))).isEmpty();

        assertThat(taps.there()).containsExactly(ONE.vmId());
    }

    @Test
    void aTapBelongsToTheUserThatOpensIt() throws Exception {
        taps.apply(List.of(new Wish(ONE.vmId(), true, OptionalInt.of(1234))));

        assertThat(lab.in(host, "cat", "/sys/class/net/" + ONE.vmId() + "/owner"))
                .isEqualToIgnoringWhitespace("1234");
    }

    @Test
    void aNameThatAnotherInterfaceHasIsLeftToItAndOthersAreMade() throws Exception {
        lab.in(host, "ip", "link", "add", ONE.vmId(), "type", "bridge");

        var failures = taps.apply(List.of(ONE, TWO));

        assertThat(failures).containsOnlyKeys(ONE);
        assertThat(failures.get(ONE))
                .hasMessage(
                        "vm vm-aaaaaaaaaa cannot be connected: an interface called vm-aaaaaaaaaa is there and not ours");
        assertThat(failures.get(ONE).reason().code()).isEqualTo(ReasonCode.NETWORK_FAILED);
        assertThat(taps.there()).containsExactly(TWO.vmId());
    }

    @Test
    void anInterfaceThatIsNotOursIsNotRemoved() throws Exception {
        lab.in(host, "ip", "link", "add", ONE.vmId(), "type", "bridge");

        assertThat(taps.apply(List.of(GONE))).isEmpty();

        assertThat(lab.in(host, "ls", "/sys/class/net")).contains(ONE.vmId());
    }

    @Test
    void aTapThatIsNotThereIsRemovedAlready() throws Exception {
        taps.apply(List.of(ONE, TWO));

        assertThat(taps.apply(List.of(GONE))).isEmpty();
        assertThat(taps.apply(List.of(GONE))).isEmpty();

        assertThat(taps.there()).containsExactly(TWO.vmId());
    }

    @Test
    void withoutABridgeNothingIsMadeAndTheReasonIsSaid() throws Exception {
        lab.in(host, "ip", "link", "delete", "br0");

        var failures = taps.apply(List.of(ONE));

        assertThat(failures.get(ONE)).isInstanceOf(HostException.class).hasMessageContaining("br0");
        assertThat(lab.in(host, "ls", "/sys/class/net")).doesNotContain(ONE.vmId());
    }
}
