package dev.vmplane.model;

/**
 * What the process of a hypervisor takes of the host's memory beside the memory of its guest: a part that every VM costs,
 * and a part that grows with the guest.
 */
public record Overhead(int fixedMib, int percent) {

    /**
     * What is known of a backend. Firecracker promises less than 5 MiB; the rest of what it is given pays for the page
     * tables and buffers that the kernel counts with it. QEMU's own code, libraries and buffers are about 50 MiB; without KVM it
     * keeps the code it has translated as well, 95 MiB in all for an idle guest of 128 MiB that has just booted, and goes
     * on filling its cache as long as the guest runs what it has not run before. A simulated VM has no memory at all.
     *
     * @param translated whether the guest's instructions are translated, for want of KVM
     */
    public static Overhead of(Backend backend, boolean translated) {
        return switch (backend) {
            case FIRECRACKER -> new Overhead(16, 1);
            case QEMU -> translated ? new Overhead(320, 5) : new Overhead(96, 2);
            case SIMULATOR -> new Overhead(0, 0);
        };
    }

    /** The memory that a guest and its hypervisor take together. */
    public int withGuestMib(int guestMib) {
        return (int) Math.min(Integer.MAX_VALUE, fixedMib + guestMib + (long) guestMib * percent / 100);
    }
}
