package dev.vmplane.model;

/**
 * What one guest gets of the host.
 *
 * @param vcpu virtual CPUs, 1 to 32, Firecracker's limit
 * @param diskMib what the guest may write beside its volumes; it is gone with the VM
 * @param diskMbPerSecond megabytes a second to and from each of its disks, 0 for as many as there are
 * @param netMbitPerSecond megabits a second in each direction, 0 for as many as there are
 */
public record Resources(int vcpu, int memoryMib, int diskMib, int diskMbPerSecond, int netMbitPerSecond) {
    static final int USUAL_DISK_MIB = 1024;

    /** The usual disk, and rates without a limit. */
    public static Resources of(int vcpu, int memoryMib) {
        return new Resources(vcpu, memoryMib, USUAL_DISK_MIB, 0, 0);
    }
}
