package dev.vmplane.host.network;

import dev.vmplane.host.network.Element.Table;
import dev.vmplane.model.Allow;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;

/**
 * What one address may do, and who may connect to it. Whatever is not said is refused, but for the way out of the host.
 *
 * @param tenant the number its tenant goes by, or 0 for nobody's
 * @param peers numbers of the tenants that may connect to it, its own among them
 * @param resolverPort where its questions for names are answered, or 0 for nowhere
 */
public record Rights(
        String address,
        int tenant,
        Set<Integer> peers,
        Set<Allow.ToHost> hostPorts,
        boolean metadata,
        int resolverPort) {

    /** Where answers to questions for names may come from; below the ports that the kernel gives to whoever asks for any. */
    public static final int FIRST_RESOLVER_PORT = 20_000;

    public static final int LAST_RESOLVER_PORT = 29_999;

    Set<Element> elements() {
        var elements = new HashSet<Element>();
        if (tenant != 0) {
            elements.add(new Element(Table.TENANTS, address, Integer.toString(tenant)));
        }
        peers.forEach(peer -> elements.add(Element.of(Table.PEERS, address + " . " + peer)));
        hostPorts.forEach(port -> elements.add(Element.of(
                Table.HOST_PORTS,
                address + " . " + port.protocol().name().toLowerCase(Locale.ROOT) + " . " + port.port())));
        if (metadata) {
            elements.add(Element.of(Table.METADATA, address));
        }
        if (resolverPort != 0) {
            elements.add(new Element(Table.RESOLVERS, address, Integer.toString(resolverPort)));
        }
        return elements;
    }
}
