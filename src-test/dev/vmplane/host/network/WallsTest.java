package dev.vmplane.host.network;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Await;
import dev.vmplane.model.Allow;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who gets through the walls: a real kernel, and namespaces in the place of guests. */
class WallsTest {
    private static final int RED = 1;
    private static final int BLUE = 2;
    private static final String GATEWAY = "10.88.0.1";

    private final Vertx vertx = Vertx.vertx();
    private Lab lab;
    private String host;
    private Walls walls;
    private Guest one;
    private Guest two;
    private Guest stranger;

    private record Guest(String namespace, Port port) {
        String address() {
            return port.address();
        }
    }

    @BeforeEach
    void build() throws IOException {
        lab = new Lab();
        host = lab.namespace("host");
        lab.in(host, "ip", "link", "add", "br0", "address", Range.mac(GATEWAY), "type", "bridge");
        lab.in(host, "ip", "address", "add", GATEWAY + "/16", "dev", "br0");
        lab.in(host, "ip", "link", "set", "br0", "up");
        set("br0/forwarding", 1);
        set("all/send_redirects", 0);
        set("br0/send_redirects", 0);
        walls = new Walls(
                vertx,
                vertx.createSharedWorkerExecutor("host", 2),
                new Ruleset("br0", Range.of("10.88.0.0/16")),
                lab.tool(host, "nft"));
        Await.of(walls.raise(List.of(), Map.of(), Set.of()));
        one = guest("a", "vm-aaaaaaaaaa", "10.88.0.2");
        two = guest("b", "vm-bbbbbbbbbb", "10.88.0.3");
        stranger = guest("c", "vm-cccccccccc", "10.88.0.4");
        grant(one, RED, Set.of(RED), Set.of());
        grant(two, RED, Set.of(RED), Set.of());
        grant(stranger, BLUE, Set.of(BLUE), Set.of());
    }

    @AfterEach
    void tearDown() throws IOException {
        lab.close();
        Await.of(vertx.close());
    }

    @Test
    void guestsOfOneTenantReachOneAnother() {
        assertThat(reach(one, two.address() + ":8080")).startsWith("reached");
        assertThat(ping(one, two.address())).endsWith("answers");
    }

    @Test
    void guestsOfAnotherTenantAreRefusedAtOnce() {
        assertThat(reach(one, stranger.address() + ":8080")).endsWith("Connection refused");
        assertThat(ping(one, stranger.address())).endsWith("the way there is closed");
        assertThat(reach(stranger, one.address() + ":8080")).endsWith("Connection refused");
    }

    @Test
    void theHostReachesEveryGuest() {
        assertThat(lab.get(host, one.address(), 8080, "/health")).endsWith("ok");
        assertThat(lab.get(host, stranger.address(), 8080, "/health")).endsWith("ok");
    }

    @Test
    void theHostOffersItsGuestsNothing() {
        lab.serve(host, 9000);
        lab.in(host, "ip", "address", "add", "192.0.2.1/32", "dev", "lo");

        assertThat(reach(one, GATEWAY + ":9000")).endsWith("Connection refused");
        assertThat(reach(one, "192.0.2.1:9000")).endsWith("Connection refused");
        assertThat(ping(one, GATEWAY)).endsWith("the way there is closed");
    }

    @Test
    void aPortOfTheHostIsOpenToWhomItIsAllowed() {
        lab.serve(host, 9000);
        grant(one, RED, Set.of(RED), Set.of(new Allow.ToHost(Allow.Protocol.TCP, 9000)));

        assertThat(reach(one, GATEWAY + ":9000")).startsWith("reached");
        assertThat(reach(two, GATEWAY + ":9000")).endsWith("Connection refused");
    }

    @Test
    void aTenantThatIsAllowedGetsThroughAndTheWayBackStaysClosed() {
        grant(one, RED, Set.of(RED, BLUE), Set.of());

        assertThat(reach(stranger, one.address() + ":8080")).startsWith("reached");
        assertThat(reach(one, stranger.address() + ":8080")).endsWith("Connection refused");
        assertThat(reach(stranger, two.address() + ":8080")).endsWith("Connection refused");
    }

    @Test
    void aRightThatIsTakenBackIsGone() {
        grant(one, RED, Set.of(RED, BLUE), Set.of());
        grant(one, RED, Set.of(RED), Set.of());

        assertThat(reach(stranger, one.address() + ":8080")).endsWith("Connection refused");
    }

    @Test
    void theMetadataOfTheHostIsForThoseItIsAllowed() {
        var cloud = internet();
        lab.in(cloud, "ip", "address", "add", "169.254.169.254/32", "dev", "lo");
        lab.in(host, "ip", "route", "add", "169.254.0.0/16", "via", "198.51.100.2");
        Await.of(walls.grant(two.port().vmId(), new Rights(two.address(), RED, Set.of(RED), Set.of(), true, 0)));

        assertThat(reach(one, "169.254.169.254:80")).endsWith("Connection refused");
        assertThat(reach(two, "169.254.169.254:80")).startsWith("reached");
    }

    @Test
    void guestsReachTheOutsideUnderTheAddressOfTheirHost() {
        var cloud = internet();

        assertThat(reach(one, "198.51.100.2:80")).startsWith("reached");
        // The other side has no route to guests: an answer that came was sent to the host.
        assertThat(lab.in(cloud, "ip", "route")).doesNotContain("10.88").doesNotContain("default");
    }

    @Test
    void nobodyOutsideReachesAGuest() {
        var cloud = internet();
        lab.in(cloud, "ip", "route", "add", "10.88.0.0/16", "via", "198.51.100.1");

        assertThat(lab.get(cloud, one.address(), 8080, "/health")).contains("refused");
    }

    @Test
    void aFrameWithAnotherAddressThanTheGuestsOwnGoesNowhere() {
        lab.in(one.namespace(), "ip", "address", "add", "10.88.0.99/32", "dev", "eth0");
        lab.in(
                one.namespace(),
                "ip",
                "route",
                "add",
                two.address(),
                "via",
                GATEWAY,
                "src",
                "10.88.0.99",
                "onlink",
                "dev",
                "eth0");

        assertThat(reach(one, two.address() + ":8080")).doesNotStartWith("reached");
        withoutWalls();
        assertThat(reach(one, two.address() + ":8080")).startsWith("reached");
    }

    @Test
    void aFrameWithAnotherHardwareAddressThanTheGuestsOwnGoesNowhere() {
        lab.in(one.namespace(), "ip", "link", "set", "eth0", "address", "06:00:00:00:00:99");

        assertThat(reach(one, two.address() + ":8080")).doesNotStartWith("reached");
        withoutWalls();
        assertThat(reach(one, two.address() + ":8080")).startsWith("reached");
    }

    @Test
    void aGuestCannotAnswerForTheAddressOfAnother() {
        lab.in(one.namespace(), "ip", "address", "add", two.address() + "/32", "dev", "eth0");
        lab.in(two.namespace(), "ip", "link", "set", "eth0", "down");
        forgetNeighbours();

        assertThat(lab.get(host, two.address(), 8080, "/health")).doesNotEndWith("ok");
        withoutWalls();
        assertThat(lab.get(host, two.address(), 8080, "/health")).endsWith("ok");
    }

    @Test
    void anAddressThatGoesToAnotherVmBringsNoRightsAlong() {
        grant(one, RED, Set.of(RED, BLUE), Set.of());
        Await.of(walls.close(one.port().vmId()));
        grant(one, RED, Set.of(RED, BLUE), Set.of());

        Await.of(walls.open(new Port("vm-dddddddddd", one.address(), 0)));

        assertThat(lab.in(host, "nft", "list", "set", "inet", "vmplane_br0", "peers"))
                .doesNotContain(one.address());
    }

    @Test
    void wallsThatSomebodyTookAwayAreBack() {
        lab.in(host, "nft", "flush", "ruleset");
        assertThat(reach(one, stranger.address() + ":8080")).startsWith("reached");

        Await.of(walls.repair());

        assertThat(reach(one, stranger.address() + ":8080")).endsWith("Connection refused");
        assertThat(reach(one, two.address() + ":8080")).startsWith("reached");
    }

    @Test
    void anElementThatSomebodyAddedIsGoneAfterARepair() {
        lab.in(host, "nft", "add element inet vmplane_br0 peers { " + stranger.address() + " . 1 }");
        assertThat(reach(one, stranger.address() + ":8080")).startsWith("reached");

        Await.of(walls.repair());

        assertThat(reach(one, stranger.address() + ":8080")).endsWith("Connection refused");
    }

    @Test
    void whatCannotBePutUpFailsAloneAndSaysWhy() {
        var good = walls.open(new Port("vm-eeeeeeeeee", "10.88.0.8", 0));
        var bad = walls.open(new Port("vm-ffffffffffffffff", "10.88.0.9", 0));

        assertThat(Await.failureOf(bad))
                .hasMessageStartingWith("vm vm-ffffffffffffffff cannot be walled off: nft says ");
        Await.of(good);
        assertThat(lab.in(host, "nft", "list", "set", "bridge", "vmplane_br0", "ports"))
                .contains("vm-eeeeeeeeee")
                .doesNotContain("vm-ffffffffffffffff");
    }

    @Test
    void aRateIsLimitedInBothDirectionsAndTheLimitGoesWithItsVm() {
        var before = lab.in(host, "nft", "list", "ruleset");
        Await.of(walls.open(new Port("vm-dddddddddd", "10.88.0.5", 10)));
        assertThat(lab.in(host, "nft", "list", "table", "bridge", "vmplane_br0"))
                .contains("\"vm-dddddddddd\" : \"vm-dddddddddd_uploads_10\"")
                .contains("\"vm-dddddddddd\" : \"vm-dddddddddd_downloads_10\"");
        Await.of(walls.repair());

        Await.of(walls.close("vm-dddddddddd"));

        assertThat(lab.in(host, "nft", "list", "ruleset")).isEqualTo(before);
    }

    @Test
    void whatExceedsTheRateOfAGuestIsDropped() {
        Await.of(walls.close(one.port().vmId()));
        Await.of(walls.open(new Port(one.port().vmId(), one.address(), 1)));

        // 3 MB at once are far more than one megabit a second and its burst.
        var said = lab.in(host, "sh", "-c", "ping -q -i 0.001 -s 8000 -c 400 -W 1 " + one.address() + " || true");

        assertThat(said).containsPattern("400 packets transmitted, (?!400 )\\d+ received");
    }

    @Test
    void nothingIsLeftOfAVmThatIsGone() {
        for (var guest : List.of(one, two, stranger)) {
            Await.of(walls.close(guest.port().vmId()));
        }

        assertThat(lab.in(host, "nft", "list", "ruleset")).doesNotContain("vm-").doesNotContain("elements");
    }

    /** Shows that it was the walls, and nothing else that a test did, that kept something out. */
    private void withoutWalls() {
        lab.in(host, "nft", "flush", "ruleset");
        forgetNeighbours();
        lab.in(one.namespace(), "ip", "neighbour", "flush", "dev", "eth0");
    }

    private void forgetNeighbours() {
        lab.in(host, "ip", "neighbour", "flush", "dev", "br0");
    }

    private void set(String setting, int value) {
        lab.in(host, "sh", "-c", "echo " + value + " > /proc/sys/net/ipv4/conf/" + setting);
    }

    private void grant(Guest guest, int tenant, Set<Integer> peers, Set<Allow.ToHost> ports) {
        Await.of(walls.grant(guest.port().vmId(), new Rights(guest.address(), tenant, peers, ports, false, 0)));
    }

    private Guest guest(String name, String vmId, String address) {
        var port = new Port(vmId, address, 0);
        var namespace = lab.namespace(name);
        lab.in(host, "ip", "link", "add", vmId, "type", "veth", "peer", "name", "eth0", "netns", namespace);
        lab.in(host, "ip", "link", "set", vmId, "master", "br0", "up");
        lab.in(host, "ip", "link", "set", vmId, "type", "bridge_slave", "isolated", "on");
        lab.in(namespace, "ip", "link", "set", "eth0", "address", port.mac(), "up");
        lab.in(namespace, "ip", "address", "add", address + "/32", "dev", "eth0");
        lab.in(namespace, "ip", "route", "add", GATEWAY, "dev", "eth0");
        lab.in(namespace, "ip", "route", "add", "default", "via", GATEWAY);
        lab.serve(namespace, 8080);
        Await.of(walls.open(port));
        return new Guest(namespace, port);
    }

    /** Another host, one wire away, that knows nothing of guests. */
    private String internet() {
        var cloud = lab.namespace("net");
        lab.in(host, "ip", "link", "add", "up0", "type", "veth", "peer", "name", "eth0", "netns", cloud);
        lab.in(host, "ip", "address", "add", "198.51.100.1/24", "dev", "up0");
        lab.in(host, "ip", "link", "set", "up0", "up");
        set("up0/forwarding", 1);
        lab.in(cloud, "ip", "address", "add", "198.51.100.2/24", "dev", "eth0");
        lab.in(cloud, "ip", "link", "set", "eth0", "up");
        lab.serve(cloud, 80);
        return cloud;
    }

    private String reach(Guest guest, String target) {
        return lab.ask(guest.namespace(), 8080, "/reach?to=" + target);
    }

    private String ping(Guest guest, String target) {
        return lab.ask(guest.namespace(), 8080, "/ping?to=" + target);
    }
}
