package dev.vmplane.walk;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tenants on one host, as their guests see it: real QEMU guests on taps. */
@Tag("qemu")
class NetworkWalkTest {
    private NetworkPlane plane;

    @BeforeEach
    void build() throws IOException {
        plane = new NetworkPlane("host:9000");
        plane.start();
    }

    @AfterEach
    void tearDown() throws IOException {
        plane.close();
    }

    @Test
    void aTenantsGuestsHaveOneAnotherAndNobodyElseBeforeAndAfterARestart() {
        plane.lab.serve(plane.host, 9000);
        var shop = plane.running("shop", "red", "host:9000");
        var cart = plane.running("cart", "red");
        var spy = plane.running("spy", "blue");

        everythingIsAsItShouldBe(shop, cart, spy);
        plane.kill();
        everythingIsAsItShouldBe(shop, cart, spy);
        plane.start();
        everythingIsAsItShouldBe(shop, cart, spy);
    }

    private void everythingIsAsItShouldBe(String shop, String cart, String spy) {
        assertThat(plane.ask(shop, "/reach?to=" + cart + ":8080")).isEqualTo("reached " + cart + ": HTTP/1.1 200 OK");
        assertThat(plane.ask(shop, "/reach?to=cart.internal:8080")).isEqualTo("reached cart.internal: HTTP/1.1 200 OK");
        assertThat(plane.ask(shop, "/ping?to=cart.internal")).isEqualTo("cart.internal answers");
        assertThat(plane.ask(shop, "/reach?to=10.88.0.1:9000")).startsWith("reached");

        assertThat(plane.ask(spy, "/reach?to=" + cart + ":8080")).endsWith("Connection refused");
        assertThat(plane.ask(spy, "/ping?to=" + shop)).endsWith("the way there is closed");
        assertThat(plane.ask(spy, "/reach?to=cart.internal:8080")).endsWith("there is no such name");
        assertThat(plane.ask(shop, "/reach?to=spy.internal:8080")).endsWith("there is no such name");
        assertThat(plane.ask(cart, "/reach?to=10.88.0.1:9000")).endsWith("Connection refused");
        assertThat(plane.ask(spy, "/ping?to=10.88.0.1")).endsWith("the way there is closed");
    }

    @Test
    void aDeletedJobLeavesTheHostAsItWasBeforeTheFirstVm() {
        var interfaces = plane.interfaces();
        var ruleset = plane.ruleset();
        plane.running("shop", "red");
        assertThat(plane.interfaces()).isNotEqualTo(interfaces);
        assertThat(plane.ruleset()).isNotEqualTo(ruleset);

        plane.delete("shop");

        dev.vmplane.host.network.Lab.await(() -> plane.programs().isEmpty()
                && plane.interfaces().equals(interfaces)
                && plane.ruleset().equals(ruleset));
    }
}
