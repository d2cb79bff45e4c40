package dev.vmplane.host.network;

/**
 * The IPv4 network that guests have their addresses from. Its first address is the gateway, which is the host itself.
 *
 * @param network its lowest address, as a number
 */
public record Range(int network, int prefixBits) {

    /** Reads such as {@code 10.88.0.0/16}; it may be named by any of its addresses. */
    public static Range of(String cidr) {
        var slash = cidr.indexOf('/');
        var bits = Integer.parseInt(cidr.substring(slash + 1));
        return new Range(number(cidr.substring(0, slash)) & mask(bits), bits);
    }

    public boolean contains(String address) {
        return (number(address) & mask(prefixBits)) == network;
    }

    /** Whether any address belongs to both. */
    public boolean overlaps(Range other) {
        var common = mask(Math.min(prefixBits, other.prefixBits));
        return (network & common) == (other.network & common);
    }

    public String gateway() {
        return text(network + 1);
    }

    /** The gateway with the length of the prefix, as it is given to an interface. */
    String gatewayWithPrefix() {
        return gateway() + "/" + prefixBits;
    }

    @Override
    public String toString() {
        return text(network) + "/" + prefixBits;
    }

    /**
     * The hardware address of who has an address: one for each, the same for ever. The second bit of the first byte says
     * that no manufacturer gave it.
     */
    static String mac(String address) {
        var number = number(address);
        return "06:00:%02x:%02x:%02x:%02x"
                .formatted(number >>> 24, number >>> 16 & 255, number >>> 8 & 255, number & 255);
    }

    private static int mask(int bits) {
        return (int) (-1L << (32 - bits));
    }

    private static int number(String address) {
        int number = 0;
        for (var octet : address.split("\\.", -1)) {
            number = number << 8 | Integer.parseInt(octet);
        }
        return number;
    }

    private static String text(int number) {
        return (number >>> 24) + "." + (number >>> 16 & 255) + "." + (number >>> 8 & 255) + "." + (number & 255);
    }
}
