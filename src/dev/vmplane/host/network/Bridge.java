package dev.vmplane.host.network;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.vmplane.host.HostException;
import dev.vmplane.model.ReasonCode;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The bridge that all taps of one database are ports of. It is made once and stays when the control plane stops, for VMs
 * may be running. It carries the id of its database as its alias, and one without that is never touched.
 *
 * <p>Its hardware address is set and not left to the kernel, which would take that of the lowest port: guests remember it
 * for as long as they run.
 */
final class Bridge {
    private static final Logger LOG = LoggerFactory.getLogger(Bridge.class);

    private static final Path SETTINGS = Path.of("/proc/sys/net");
    private static final Path ROUTES = Path.of("/proc/net/route");
    private static final String DEFAULT_ROUTE = "00000000";

    private final String name;
    private final Range range;
    private final String alias;
    private final HostTool ip;
    private final Interfaces interfaces = new Interfaces(Interfaces.OF_THIS_HOST);

    Bridge(String name, Range range, String databaseId, HostTool ip) {
        this.name = name;
        this.range = range;
        this.alias = "vmplane " + databaseId;
        this.ip = ip;
    }

    /**
     * Makes it if it is not there, and sees to it that the host forwards what guests send.
     *
     * @throws HostException when there is one that is not ours, or the range is in use
     */
    void raise() throws IOException, InterruptedException {
        refuseOverlap();
        if (interfaces.exists(name)) {
            refuseForeign();
        } else {
            make();
        }
        adjust();
    }

    /** Puts the host's settings back to what guests need. Who has changed them will know why, so it is said. */
    void adjust() throws IOException {
        var changed = new ArrayList<String>();
        for (var setting : settings().entrySet()) {
            var file = SETTINGS.resolve(setting.getKey());
            if (Files.exists(file) && !Files.readString(file).strip().equals(setting.getValue())) {
                Files.writeString(file, setting.getValue());
                changed.add("net." + setting.getKey().replace('/', '.') + "=" + setting.getValue());
            }
        }
        if (!changed.isEmpty()) {
            LOG.atInfo().addKeyValue("settings", changed).log("settings of this host changed for its guests");
        }
    }

    private void refuseForeign() throws IOException {
        var waysOut = ": set network.bridge to another name, or remove that one with 'ip link delete " + name + "'";
        if (!interfaces.isBridge(name) || !interfaces.alias(name).equals(alias)) {
            throw refusal("there is an interface of that name that was not made for this database" + waysOut);
        }
        if (addressesOf(NetworkInterface.getByName(name)).stream().noneMatch(range::equals)) {
            throw refusal("it has other addresses than address_range " + range + waysOut
                    + " when no VM of the former range runs");
        }
    }

    private void refuseOverlap() throws IOException {
        for (var other : NetworkInterface.networkInterfaces().toList()) {
            if (!other.getName().equals(name) && addressesOf(other).stream().anyMatch(range::overlaps)) {
                throw refusal("address_range " + range + " overlaps with the network of " + other.getName()
                        + ": set address_range to one that this host does not know");
            }
        }
    }

    private static List<Range> addressesOf(NetworkInterface held) {
        return held.getInterfaceAddresses().stream()
                .filter(address -> address.getAddress() instanceof Inet4Address)
                .map(Bridge::rangeOf)
                .toList();
    }

    private static Range rangeOf(InterfaceAddress address) {
        return Range.of(address.getAddress().getHostAddress() + "/" + address.getNetworkPrefixLength());
    }

    private void make() throws IOException, InterruptedException {
        var outcome = ip.runScript(List.of("-batch"), """
                link add name NAME address MAC type bridge mcast_snooping 0
                link set dev NAME alias "ALIAS" addrgenmode none
                address add ADDRESS dev NAME
                link set dev NAME up
                """.replace("NAME", name)
                .replace("MAC", Range.mac(range.gateway()))
                .replace("ALIAS", alias)
                .replace("ADDRESS", range.gatewayWithPrefix()));
        if (!outcome.good()) {
            ip.run(List.of("link", "delete", "dev", name));
            throw refusal("ip says " + outcome.complaint());
        }
        if (!interfaces.isBridge(name)) {
            throw refusal("it was made and cannot be seen: /sys shows another network than this process is in");
        }
        LOG.atInfo().addKeyValue("bridge", name).addKeyValue("network", range).log("bridge made");
    }

    /**
     * What a packet needs to be forwarded is set where it enters, be it from a guest or an answer from outside; that
     * packets of others are forwarded between interfaces that are not ours is left as it was.
     *
     * <p>The host would tell each guest that it could reach the others without it. They cannot; and having said so the
     * kernel keeps back, by its limit of a message a second, that the way is closed. It is off where it is off for the
     * interface and for all, and other interfaces keep what is set for them.
     */
    private Map<String, String> settings() throws IOException {
        var settings = new LinkedHashMap<String, String>();
        settings.put("ipv4/conf/" + name + "/forwarding", "1");
        for (var uplink : uplinks()) {
            settings.put("ipv4/conf/" + uplink + "/forwarding", "1");
        }
        settings.put("ipv4/conf/all/send_redirects", "0");
        settings.put("ipv4/conf/" + name + "/send_redirects", "0");
        settings.put("ipv6/conf/" + name + "/disable_ipv6", "1");
        return settings;
    }

    /** The interfaces through which this host reaches what it has no nearer way to. */
    private static List<String> uplinks() throws IOException {
        return Files.readAllLines(ROUTES, US_ASCII).stream()
                .map(line -> line.split("\\s+"))
                .filter(fields ->
                        fields.length > 7 && fields[1].equals(DEFAULT_ROUTE) && fields[7].equals(DEFAULT_ROUTE))
                .map(fields -> fields[0])
                .distinct()
                .toList();
    }

    private HostException refusal(String why) {
        return new HostException(ReasonCode.NETWORK_FAILED, "bridge " + name + " cannot be used: " + why, null);
    }
}
