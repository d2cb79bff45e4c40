package dev.vmplane.store;

import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.Optional;

/**
 * Which guest addresses of one IPv4 range are taken. The network and the broadcast address are never given, and a freed
 * one is given again as late as possible, so that a late packet or a cached connection meets nobody.
 */
public final class Addresses {
    private final int first;
    private final int count;
    private final BitSet taken = new BitSet();
    private int cursor;

    /** @param cidr such as {@code 127.64.0.0/16}; at least a /30 */
    public Addresses(String cidr) {
        this(cidr, 0);
    }

    /** @param reserved how many at the beginning are not for guests */
    public Addresses(String cidr, int reserved) {
        var slash = cidr.indexOf('/');
        var bits = Integer.parseInt(cidr.substring(slash + 1));
        first = (toInt(cidr.substring(0, slash)) & (int) (-1L << (32 - bits))) + 1 + reserved;
        count = (int) ((1L << (32 - bits)) - 2) - reserved;
    }

    /** The next free address that {@code promised} does not hold either, or nothing when all are taken. */
    Optional<String> next(BitSet promised) {
        for (int tried = 0, at = cursor; tried < count; tried++, at = (at + 1) % count) {
            if (!taken.get(at) && !promised.get(at)) {
                promised.set(at);
                cursor = (at + 1) % count;
                return Optional.of(toText(first + at));
            }
        }
        return Optional.empty();
    }

    boolean anyFree() {
        return taken.cardinality() < count;
    }

    void take(String address) {
        var at = toInt(address) - first;
        if (at >= 0 && at < count) {
            taken.set(at);
        }
    }

    void free(String address) {
        var at = toInt(address) - first;
        if (at >= 0 && at < count) {
            taken.clear(at);
        }
    }

    /** Why a row waits for which there was none. */
    static Reason exhausted() {
        return new Reason(ReasonCode.NO_ADDRESS, "every guest address of this host is taken: enlarge address_range");
    }

    private static int toInt(String address) {
        try {
            return ByteBuffer.wrap(InetAddress.getByName(address).getAddress()).getInt();
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(address + " is not an IPv4 address", e);
        }
    }

    private static String toText(int address) {
        return (address >>> 24) + "." + (address >>> 16 & 255) + "." + (address >>> 8 & 255) + "." + (address & 255);
    }
}
