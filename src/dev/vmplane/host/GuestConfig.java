package dev.vmplane.host;

import dev.vmplane.model.Program;
import java.util.List;
import java.util.Map;

/**
 * What the guest program is told through the configuration disk.
 *
 * @param vmId also the guest's host name
 * @param ip address with prefix length such as {@code 10.0.2.15/24}
 * @param end how the guest must end so that its hypervisor notices
 * @param disks what to do with the disks it writes to
 */
public record GuestConfig(
        String vmId,
        Program program,
        String ip,
        String gateway,
        List<String> dns,
        int stopGraceSeconds,
        End end,
        GuestDisks disks) {

    /** For a guest without a disk to write to, whose program is root. */
    public GuestConfig(
            String vmId,
            List<String> cmd,
            Map<String, String> env,
            String ip,
            String gateway,
            List<String> dns,
            int stopGraceSeconds,
            End end) {
        this(vmId, new Program(cmd, env), ip, gateway, dns, stopGraceSeconds, end, GuestDisks.NONE);
    }

    /** A hypervisor notices one of the two; the other leaves it running with a halted guest. */
    public enum End {
        POWEROFF,
        REBOOT
    }
}
