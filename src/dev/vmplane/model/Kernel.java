package dev.vmplane.model;

import java.time.Instant;

/**
 * A kernel in the image directory.
 *
 * @param name file name
 * @param version what the kernel calls itself, such as {@code 6.1.0-56-cloud-amd64}; null when it does not say
 * @param initramfs whether the initramfs with the guest program is there too: without it nothing boots
 */
public record Kernel(String name, Format format, String version, long bytes, boolean initramfs, Instant modifiedAt) {

    /** In which form it is. */
    public enum Format {
        /** Uncompressed; with a PVH note every hypervisor boots it. */
        ELF,
        /** Compressed, as distributions ship it. */
        BZIMAGE
    }

    /** The same kernel, which calls itself {@code version}. */
    public Kernel saying(String version) {
        return new Kernel(name, format, version, bytes, initramfs, modifiedAt);
    }
}
