package dev.vmplane.host.network;

import dev.vmplane.host.network.Element.Table;
import java.util.Locale;

/**
 * How much one tap may carry in one direction. It is an object of nftables with a name, in which everything is said: a rate
 * is as long in the kernel as the entry that leads to it.
 */
final class Rate {
    private static final long BYTES_PER_MBIT = 125_000;
    /** The largest packet that a guest hands over at once, some times over. */
    private static final long SMALLEST_BURST_BYTES = 256 * 1024;

    private Rate() {}

    static Element element(Table direction, String vmId, int mbitPerSecond) {
        var name = vmId + "_" + direction.name().toLowerCase(Locale.ROOT) + "_" + mbitPerSecond;
        return new Element(direction, vmId, name);
    }

    /** The object that {@code element} leads to, as nft is told it behind its name. */
    static String definition(Element element) {
        var mbit = Long.parseLong(element.value().substring(element.value().lastIndexOf('_') + 1));
        var bytes = mbit * BYTES_PER_MBIT;
        var burst = Math.max(SMALLEST_BURST_BYTES, bytes / 10);
        return "{ rate over " + bytes + " bytes/second burst " + burst + " bytes; }";
    }
}
