package dev.vmplane.host.network;

import java.util.Locale;

/**
 * One entry of the sets and maps that the walls' rules look things up in.
 *
 * @param key its parts, if there are several, joined by {@code " . "}
 * @param value what a map has for the key, or null in a set
 */
public record Element(Table table, String key, String value) {

    /** The sets and maps there are. */
    public enum Table {
        /** Names of the taps whose frames are looked at. */
        PORTS("bridge", "set", "type ifname"),
        /** Which hardware and which IP address may send through which tap. */
        GUESTS("bridge", "set", "type ifname . ether_addr . ipv4_addr"),
        /** How much may come from a tap. */
        UPLOADS("bridge", "map", "type ifname : limit"),
        /** How much may go to a tap. */
        DOWNLOADS("bridge", "map", "type ifname : limit"),
        /** Which tenant an address belongs to. */
        TENANTS("inet", "map", "type ipv4_addr : mark"),
        /** Which tenants may connect to an address. */
        PEERS("inet", "set", "type ipv4_addr . mark"),
        /** Which ports of the host an address may connect to. */
        HOST_PORTS("inet", "set", "type ipv4_addr . inet_proto . inet_service"),
        /** Who may read the host's own metadata. */
        METADATA("inet", "set", "type ipv4_addr"),
        /** The port at which a guest's questions for names are answered. */
        RESOLVERS("inet", "map", "type ipv4_addr : inet_service");

        final String family;
        final String kind;
        final String type;

        Table(String family, String kind, String type) {
            this.family = family;
            this.kind = kind;
            this.type = type;
        }

        /** Whether the values are names of objects that must be there first. */
        boolean limits() {
            return this == UPLOADS || this == DOWNLOADS;
        }

        String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    static Element of(Table table, String key) {
        return new Element(table, key, null);
    }

    /** As nft reads it between braces: names of interfaces, which come first, in quotes. */
    String text() {
        var quoted = table.type.startsWith("type ifname") ? key.replaceFirst("^[^ ]+", "\"$0\"") : key;
        return value == null ? quoted : quoted + " : " + (table.limits() ? '"' + value + '"' : value);
    }
}
