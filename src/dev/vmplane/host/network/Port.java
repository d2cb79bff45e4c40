package dev.vmplane.host.network;

import dev.vmplane.host.network.Element.Table;
import java.util.Set;

/** The end of a VM's cable: a tap with the VM's id for its name, from which one address may speak. */
public record Port(String vmId, String address) {

    String mac() {
        return Range.mac(address);
    }

    /** The tap of a VM that nobody knows: looked at, and with nobody who may send through it. */
    static Element closed(String vmId) {
        return Element.of(Table.PORTS, vmId);
    }

    Set<Element> elements() {
        return Set.of(closed(vmId), Element.of(Table.GUESTS, vmId + " . " + mac() + " . " + address));
    }
}
