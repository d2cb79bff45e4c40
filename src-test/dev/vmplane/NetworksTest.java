package dev.vmplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmplane.Config.Network.Mode;
import dev.vmplane.host.network.Means;
import dev.vmplane.model.Backend;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class NetworksTest {
    private static final Optional<Path> THERE = Optional.of(Path.of("/sbin/x"));
    private static final Means ALL = new Means(true, true, THERE, THERE, THERE);
    private static final Means NO_RIGHTS = new Means(false, true, THERE, THERE, THERE);
    private static final Means NO_NFT = new Means(true, true, THERE, Optional.empty(), THERE);

    @Test
    void tapsAreTakenWhereTheyCanBeHad() {
        assertThat(taps(Mode.AUTO, null, Backend.QEMU, ALL)).isTrue();
        assertThat(taps(Mode.AUTO, "10.1.0.0/16", Backend.FIRECRACKER, ALL)).isTrue();
    }

    @Test
    void qemuDoesWithoutThem() {
        assertThat(taps(Mode.AUTO, null, Backend.QEMU, NO_RIGHTS)).isFalse();
        assertThat(taps(Mode.USER, null, Backend.QEMU, ALL)).isFalse();
    }

    @Test
    void anAddressRangeOnTheLoopbackIsForGuestsWithoutTaps() {
        assertThat(taps(Mode.AUTO, "127.64.0.0/16", Backend.QEMU, ALL)).isFalse();
    }

    @Test
    void firecrackerDoesNotDoWithoutThemAndSaysWhatIsMissing() {
        assertThatThrownBy(() -> taps(Mode.AUTO, null, Backend.FIRECRACKER, NO_NFT))
                .isInstanceOf(ConfigException.class)
                .hasMessage(
                        "firecracker cannot connect its VMs, for only qemu can without taps, and taps cannot be had:"
                                + " this host lacks the program nft: install nftables");
    }

    @Test
    void whatIsAskedForAndCannotBeHadIsRefused() {
        assertThatThrownBy(() -> taps(Mode.TAP, null, Backend.QEMU, NO_RIGHTS))
                .hasMessage("network.mode cannot be tap: this host lacks the right to change the network:"
                        + " run as root or with CAP_NET_ADMIN");
        assertThatThrownBy(() -> taps(Mode.TAP, "127.0.0.0/16", Backend.QEMU, ALL))
                .hasMessageContaining("address_range outside of the loopback");
    }

    @ParameterizedTest
    @EnumSource(Mode.class)
    void simulatedGuestsHaveNone(Mode mode) {
        assertThat(taps(mode, null, Backend.SIMULATOR, ALL)).isFalse();
    }

    private static boolean taps(Mode mode, String range, Backend backend, Means means) {
        return Networks.choose(mode, range, backend, means).taps();
    }
}
