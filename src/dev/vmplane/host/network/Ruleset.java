package dev.vmplane.host.network;

import dev.vmplane.host.network.Element.Table;
import java.util.Arrays;
import java.util.Collection;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The walls around guests as nftables are told them: two tables, named after the bridge so that several control planes
 * can share a host. There is no rule for any one VM: rules look into sets and maps, and those change.
 *
 * <p>The table of the bridge stands where frames leave a guest. It knows no connections (a kernel without their tracking
 * on bridges is a common one) and needs none: a tap carries what its one address sends, IPv4 and ARP, and nothing else.
 * The other table stands where packets are routed. Everything between guests is: the bridge's ports are isolated from one
 * another, so no frame goes from guest to guest without passing there.
 *
 * <p>What is refused is answered, so that a guest's program fails at once instead of waiting. How often is limited,
 * beyond that it is dropped.
 */
final class Ruleset {
    private static final String BRIDGE_RULES = """
              chain leave_guest {
                type filter hook prerouting priority -300; policy accept
                iifname != @ports accept
                limit name iifname map @uploads drop
                iifname . ether saddr . ip saddr @guests accept
                iifname . ether saddr . arp saddr ip @guests iifname . arp saddr ether . arp saddr ip @guests accept
                drop
              }
              chain enter_guest {
                type filter hook postrouting priority 300; policy accept
                limit name oifname map @downloads drop
              }
            """;

    /** BRIDGE, GATEWAY, RANGE and RESOLVERS stand for those of this host. */
    private static final String INET_RULES = """
              chain forward {
                type filter hook forward priority filter; policy accept
                iifname "BRIDGE" goto from_guest
                oifname "BRIDGE" goto from_elsewhere
              }
              chain from_guest {
                meta nfproto ipv6 drop
                ct state established,related accept
                ct state invalid drop
                oifname "BRIDGE" goto to_guest
                ip daddr 169.254.169.254 ip saddr @metadata accept
                ip daddr 169.254.0.0/16 goto refuse
                accept
              }
              chain to_guest {
                meta mark set 0
                meta mark set ip saddr map @tenants
                ip daddr . meta mark @peers accept
                goto refuse
              }
              chain from_elsewhere {
                ct state established,related accept
                goto refuse
              }
              chain input {
                type filter hook input priority filter; policy accept
                iifname "BRIDGE" goto to_host
              }
              chain to_host {
                meta nfproto ipv6 drop
                ct state established,related accept
                ct state invalid drop
                ct status dnat ct original ip daddr GATEWAY meta l4proto { tcp, udp } th dport RESOLVERS accept
                ip saddr . meta l4proto . th dport @host_ports accept
                goto refuse
              }
              chain output {
                type filter hook output priority filter; policy accept
                oifname "BRIDGE" meta nfproto ipv6 drop
              }
              chain refuse {
                limit rate over 1000/second burst 1000 packets drop
                meta l4proto tcp reject with tcp reset
                reject with icmpx admin-prohibited
              }
              chain names {
                type nat hook prerouting priority dstnat; policy accept
                iifname "BRIDGE" ip daddr GATEWAY udp dport 53 redirect to :ip saddr map @resolvers
                iifname "BRIDGE" ip daddr GATEWAY tcp dport 53 redirect to :ip saddr map @resolvers
              }
              chain outside {
                type nat hook postrouting priority srcnat; policy accept
                oifname != "BRIDGE" ip saddr RANGE masquerade
              }
            """;

    private final String name;
    private final String inetRules;

    Ruleset(String bridge, Range range) {
        this.name = "vmplane_" + bridge;
        this.inetRules = INET_RULES
                .replace("BRIDGE", bridge)
                .replace("GATEWAY", range.gateway())
                .replace("RANGE", range.toString())
                .replace("RESOLVERS", Rights.FIRST_RESOLVER_PORT + "-" + Rights.LAST_RESOLVER_PORT);
    }

    /** How both tables are called. */
    String name() {
        return name;
    }

    /** Both tables anew, in one transaction: no packet meets an old rule and a new set, or nothing at all. */
    String whole(Collection<Element> elements) {
        return table("bridge", BRIDGE_RULES, elements) + table("inet", inetRules, elements);
    }

    /** What turns one state of some elements into another, in one transaction that may be repeated; empty for nothing. */
    String change(Set<Element> before, Set<Element> after) {
        var script = new StringBuilder();
        for (var element : difference(before, after)) {
            // This nft knows no deletion of what may not be there, so it is made sure of first.
            script.append(limit("add", element)).append(line("add", element));
            script.append(line("delete", element)).append(limit("delete", element));
        }
        for (var element : difference(after, before)) {
            script.append(limit("add", element)).append(line("add", element));
        }
        return script.toString();
    }

    private String table(String family, String rules, Collection<Element> elements) {
        var limits = elements.stream()
                .filter(element ->
                        element.table().limits() && element.table().family.equals(family))
                .map(element -> "  limit " + element.value() + " " + Rate.definition(element) + "\n")
                .collect(Collectors.joining());
        var sets = Arrays.stream(Table.values())
                .filter(table -> table.family.equals(family))
                .map(table -> set(table, elements))
                .collect(Collectors.joining());
        return forget(family) + "table " + family + " " + name + " {\n" + limits + sets + rules + "}\n";
    }

    private String forget(String family) {
        return "add table " + family + " " + name + "\ndelete table " + family + " " + name + "\n";
    }

    private static String set(Table table, Collection<Element> elements) {
        var there = elements.stream()
                .filter(element -> element.table() == table)
                .map(Element::text)
                .sorted()
                .collect(Collectors.joining(", "));
        var filled = there.isEmpty() ? "" : "; elements = { " + there + " }";
        return "  " + table.kind + " " + table.text() + " { " + table.type + filled + "; }\n";
    }

    private String line(String verb, Element element) {
        var table = element.table();
        return verb + " element " + table.family + " " + name + " " + table.text() + " { " + element.text() + " }\n";
    }

    /** For an element that leads to an object, the line about that object. */
    private String limit(String verb, Element element) {
        var table = element.table();
        if (!table.limits()) {
            return "";
        }
        var definition = verb.equals("add") ? " " + Rate.definition(element) : "";
        return verb + " limit " + table.family + " " + name + " " + element.value() + definition + "\n";
    }

    private static Set<Element> difference(Set<Element> some, Set<Element> others) {
        var left = new TreeSet<Element>(
                java.util.Comparator.comparing(Element::table).thenComparing(Element::text));
        left.addAll(some);
        left.removeAll(others);
        return left;
    }
}
