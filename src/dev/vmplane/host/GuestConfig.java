package dev.vmplane.host;

import java.util.List;
import java.util.Map;

/**
 * What the guest program is told through the configuration disk.
 *
 * @param ip address with prefix length such as {@code 10.0.2.15/24}
 * @param end how the guest must end so that its hypervisor notices
 * @param disks what to do with the disks it writes to
 */
public record GuestConfig(
        String hostname,
        List<String> cmd,
        Map<String, String> env,
        String ip,
        String gateway,
        List<String> dns,
        int stopGraceSeconds,
        End end,
        GuestDisks disks) {

    /** For a guest without a disk to write to. */
    public GuestConfig(
            String hostname,
            List<String> cmd,
            Map<String, String> env,
            String ip,
            String gateway,
            List<String> dns,
            int stopGraceSeconds,
            End end) {
        this(hostname, cmd, env, ip, gateway, dns, stopGraceSeconds, end, GuestDisks.NONE);
    }

    /** A hypervisor notices one of the two; the other leaves it running with a halted guest. */
    public enum End {
        POWEROFF,
        REBOOT
    }
}
