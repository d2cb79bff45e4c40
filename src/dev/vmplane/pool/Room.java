package dev.vmplane.pool;

/** Processors and memory of a host: all there is, what a VM takes, or what is left, which may be less than nothing. */
public record Room(long vcpus, long memoryMib) {
    public static final Room NONE = new Room(0, 0);

    /** More than any number of VMs takes. */
    public static final Room UNLIMITED = new Room(Long.MAX_VALUE / 4, Long.MAX_VALUE / 4);

    public Room plus(Room other) {
        return new Room(vcpus + other.vcpus, memoryMib + other.memoryMib);
    }

    public Room minus(Room other) {
        return new Room(vcpus - other.vcpus, memoryMib - other.memoryMib);
    }

    /** Whether {@code need} fits into it. */
    public boolean covers(Room need) {
        return vcpus >= need.vcpus && memoryMib >= need.memoryMib;
    }

    /** For people: {@code 512 MiB and 2 vcpus}. */
    @Override
    public String toString() {
        return Math.max(0, memoryMib) + " MiB and " + Math.max(0, vcpus) + (vcpus == 1 ? " vcpu" : " vcpus");
    }
}
