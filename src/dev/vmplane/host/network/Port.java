package dev.vmplane.host.network;

import dev.vmplane.host.network.Element.Table;
import java.util.HashSet;
import java.util.Set;

/**
 * The end of a VM's cable: a tap with the VM's id for its name, from which one address may speak.
 *
 * @param mbitPerSecond megabits a second it carries in each direction, 0 for as many as there are
 */
public record Port(String vmId, String address, int mbitPerSecond) {

    String mac() {
        return Range.mac(address);
    }

    /** The tap of a VM that nobody knows: looked at, and with nobody who may send through it. */
    static Element closed(String vmId) {
        return Element.of(Table.PORTS, vmId);
    }

    Set<Element> elements() {
        var elements =
                new HashSet<>(Set.of(closed(vmId), Element.of(Table.GUESTS, vmId + " . " + mac() + " . " + address)));
        if (mbitPerSecond > 0) {
            elements.add(Rate.element(Table.UPLOADS, vmId, mbitPerSecond));
            elements.add(Rate.element(Table.DOWNLOADS, vmId, mbitPerSecond));
        }
        return elements;
    }
}
