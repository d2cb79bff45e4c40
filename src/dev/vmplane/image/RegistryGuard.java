package dev.vmplane.image;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;

/**
 * Keeps tenants from having this host ask machines that only it can reach: a registry must have a public address, unless the
 * operator has named it. Asking for a name may block.
 */
final class RegistryGuard {
    private final List<String> allowed;
    private final List<String> plainHttp;

    RegistryGuard(ImageSettings settings) {
        this.allowed = List.copyOf(settings.allowed());
        this.plainHttp = List.copyOf(settings.plainHttp());
    }

    /** Fails unless {@code registry}, a host with or without a port, may be asked. */
    void check(String registry) {
        if (allowed.contains(registry) || plainHttp.contains(registry)) {
            return;
        }
        InetAddress[] addresses;
        try {
            addresses = InetAddress.getAllByName(host(registry));
        } catch (UnknownHostException unknown) {
            throw ImageTrouble.unavailable("registry_unavailable", "there is no address for registry " + registry);
        }
        for (var address : addresses) {
            if (!isPublic(address)) {
                throw ImageTrouble.refused(
                        "registry_not_allowed",
                        "registry " + registry + " has a private address: the operator of this host must name it"
                                + " under images.registries_allowed");
            }
        }
    }

    private static String host(String registry) {
        var colon = registry.lastIndexOf(':');
        return colon > registry.lastIndexOf(']') ? registry.substring(0, colon) : registry;
    }

    /** By the registries of special-purpose addresses (RFC 6890) and those that translate to others. */
    static boolean isPublic(InetAddress address) {
        var bytes = address.getAddress();
        if (address.isAnyLocalAddress()
                || address.isLoopbackAddress()
                || address.isLinkLocalAddress()
                || address.isSiteLocalAddress()
                || address.isMulticastAddress()) {
            return false;
        }
        return address instanceof Inet6Address ? isPublic6(bytes) : isPublic4(bytes);
    }

    private static boolean isPublic4(byte[] bytes) {
        var first = bytes[0] & 0xff;
        var second = bytes[1] & 0xff;
        var third = bytes[2] & 0xff;
        return !(first == 0
                || (first == 100 && second >= 64 && second < 128)
                || (first == 192 && second == 0 && (third == 0 || third == 2))
                || (first == 198 && (second == 18 || second == 19))
                || (first == 198 && second == 51 && third == 100)
                || (first == 203 && second == 0 && third == 113)
                || first >= 240);
    }

    /** Of the addresses for everybody, those are left out behind which an IPv4 address may hide. */
    private static boolean isPublic6(byte[] bytes) {
        var global = (bytes[0] & 0xe0) == 0x20;
        var teredo = bytes[0] == 0x20 && bytes[1] == 0x01 && bytes[2] == 0 && bytes[3] == 0;
        var sixToFour = bytes[0] == 0x20 && bytes[1] == 0x02;
        var documentation = bytes[0] == 0x20 && bytes[1] == 0x01 && bytes[2] == 0x0d && (bytes[3] & 0xff) == 0xb8;
        return global && !teredo && !sixToFour && !documentation;
    }
}
