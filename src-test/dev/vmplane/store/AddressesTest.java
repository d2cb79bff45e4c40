package dev.vmplane.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class AddressesTest {
    private final Addresses addresses = new Addresses("127.64.0.8/29");
    private final BitSet promised = new BitSet();

    @Test
    void everyAddressButTheFirstAndTheLastOfTheRangeIsGivenOnce() {
        var given = List.of(next(), next(), next(), next(), next(), next());

        assertThat(given)
                .containsExactly(
                        "127.64.0.9", "127.64.0.10", "127.64.0.11", "127.64.0.12", "127.64.0.13", "127.64.0.14");
        assertThat(addresses.next(promised)).isEmpty();
    }

    @Test
    void aRangeMayBeNamedByAnyOfItsAddresses() {
        assertThat(new Addresses("127.64.0.13/29").next(promised)).hasValue("127.64.0.9");
    }

    @Test
    void theFirstAddressesMayBeReserved() {
        var withGateway = new Addresses("10.88.0.0/30", 1);
        withGateway.free("10.88.0.1");

        assertThat(withGateway.next(promised)).hasValue("10.88.0.2");
        assertThat(withGateway.next(promised)).isEmpty();
    }

    @Test
    void aTakenAddressIsNotGiven() {
        addresses.take("127.64.0.9");

        assertThat(next()).isEqualTo("127.64.0.10");
    }

    @Test
    void aPromiseThatWasNotKeptFreesItsAddress() {
        for (var n = 0; n < 6; n++) {
            addresses.next(promised);
        }

        assertThat(addresses.next(new BitSet())).hasValue("127.64.0.9");
    }

    @Test
    void aFreedAddressIsGivenAgainAfterAllOthers() {
        var first = next();
        addresses.take(first);
        addresses.free(first);
        promised.clear();

        var others = new HashSet<String>();
        for (var n = 0; n < 5; n++) {
            others.add(next());
        }

        assertThat(others).hasSize(5).doesNotContain(first);
        assertThat(next()).isEqualTo(first);
    }

    @Test
    void anAddressOfAnotherRangeIsNoConcernOfThisOne() {
        addresses.take("10.0.0.9");
        addresses.free("127.64.0.15");
        addresses.free("127.64.0.7");

        assertThat(next()).isEqualTo("127.64.0.9");
    }

    @Test
    void aRangeInTheUpperHalfOfTheAddressesWorks() {
        assertThat(new Addresses("192.168.255.252/30").next(promised)).hasValue("192.168.255.253");
    }

    private String next() {
        return addresses.next(promised).orElseThrow();
    }
}
