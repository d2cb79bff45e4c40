package dev.vmplane.hypervisor.qemu;

import dev.vmplane.hypervisor.HypervisorException;
import dev.vmplane.model.ReasonCode;
import java.util.List;
import java.util.regex.Pattern;

/** Makes what QEMU says of its own failures fit for tenants: typed, one line, and no path of this host. */
final class QemuError {
    /** Up to its last slash; with spaces in it only between quotes, as QEMU writes the names of files. */
    private static final Pattern PATH = Pattern.compile("(?<=['\u201c])/[^'\u201d]*/|/[^\\s'\",:]*/");

    private static final Pattern UNPRINTABLE = Pattern.compile("\\p{Cntrl}");

    /** The first that fits says what kind of failure it is. */
    private static final List<Kind> KINDS = List.of(
            new Kind(ReasonCode.NETWORK_FAILED, "-netdev |/dev/net/tun|host forwarding rule"),
            new Kind(ReasonCode.DISK_FAILED, "Failed to get .* lock"),
            new Kind(ReasonCode.IMAGE_UNREADABLE, "kernel|initrd|-drive .*: Could not open"));

    private QemuError() {}

    private record Kind(ReasonCode code, Pattern words) {
        Kind(ReasonCode code, String words) {
            this(code, Pattern.compile(words));
        }
    }

    /** Why it ended before it took orders: the first line of its output that says so; a warning does not. */
    static HypervisorException ended(String output) {
        var said = output.lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && !line.contains(": warning:"))
                .findFirst();
        var code = said.map(QemuError::kind).orElse(ReasonCode.LAUNCH_FAILED);
        var reason = said.map(QemuError::withoutPaths).orElse("it said nothing");
        return new HypervisorException(code, "qemu cannot start: " + reason);
    }

    /** The same text with the names of files in place of their paths. */
    static String withoutPaths(String text) {
        return UNPRINTABLE.matcher(PATH.matcher(text).replaceAll("")).replaceAll(" ");
    }

    private static ReasonCode kind(String line) {
        return KINDS.stream()
                .filter(kind -> kind.words().matcher(line).find())
                .map(Kind::code)
                .findFirst()
                .orElse(ReasonCode.LAUNCH_FAILED);
    }
}
