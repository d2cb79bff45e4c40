package dev.vmplane.host;

import java.util.List;

/**
 * What a guest must do with the disks it writes to.
 *
 * @param overlay the device that takes the changes to the root, or null: then they are kept in memory
 * @param mounts in the order in which they must be mounted
 */
public record GuestDisks(String overlay, List<Mount> mounts) {
    public static final GuestDisks NONE = new GuestDisks(null, List.of());

    /** A device such as {@code /dev/vdd} and the directory it appears at. */
    public record Mount(String device, String directory) {}
}
