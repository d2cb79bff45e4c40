package dev.vmplane.host.cgroup;

import java.util.Locale;

/** The parts of the kernel that bound a cgroup, of those that VMs need. */
enum Controller {
    CPU,
    MEMORY,
    PIDS;

    /** As the kernel writes it. */
    String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
