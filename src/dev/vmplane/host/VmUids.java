package dev.vmplane.host;

/**
 * Which user of the host the hypervisor of a VM runs as, when it runs as one of its own: the first one set apart for VMs,
 * plus the VM's number within the address range. The group has the same number. No two VMs that live have one address, so
 * none share a user, and nothing about it needs to be remembered: whoever makes a tap or a jail for the VM comes to the
 * same result.
 *
 * @param base at least as far from other users of the host as the range has addresses
 * @param prefixBits the length of the range's network prefix, 8 to 30
 */
public record VmUids(int base, int prefixBits) {

    /** The users of the VMs whose addresses come from {@code range}, such as {@code 10.88.0.0/16}. */
    public static VmUids of(int base, String range) {
        return new VmUids(base, Integer.parseInt(range.substring(range.indexOf('/') + 1)));
    }

    /** The user, and the group, of the VM that has {@code address}, such as {@code 10.88.0.5}. */
    public int of(String address) {
        int number = 0;
        for (var octet : address.split("\\.", 4)) {
            number = number << 8 | Integer.parseInt(octet);
        }
        return base + (number & (-1 >>> prefixBits));
    }
}
