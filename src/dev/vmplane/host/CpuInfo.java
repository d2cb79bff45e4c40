package dev.vmplane.host;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What {@code /proc/cpuinfo} says of the host's CPUs.
 *
 * @param text the file, or as much of it as describes the first CPU
 * @param architecture as Java names it, such as {@code amd64}
 */
public record CpuInfo(String text, String architecture) {
    private static final Path FILE = Path.of("/proc/cpuinfo");
    /** One CPU takes up to some 2 KiB and all are alike. */
    private static final int MAX_BYTES = 16 * 1024;

    private static final Pattern VIRTUALIZATION = Pattern.compile("(?m)^flags\\s*:.*\\b(vmx|svm)\\b");
    private static final Pattern FREQUENCY = Pattern.compile("(?m)^cpu MHz\\s*:\\s*(\\d{1,5})\\.(\\d{3})\\d*$");
    private static final Set<String> ARM = Set.of("aarch64", "arm64");

    /** Reads this host's; blocks for a moment. A host without the file has CPUs of which nothing is known. */
    public static CpuInfo ofThisHost() {
        var architecture = System.getProperty("os.arch");
        try (var file = Files.newInputStream(FILE)) {
            return new CpuInfo(new String(file.readNBytes(MAX_BYTES), UTF_8), architecture);
        } catch (IOException notLinux) {
            return new CpuInfo("", architecture);
        }
    }

    /** Whether the CPU shows the means to run guests. Those of 64-bit ARM do not show it. */
    public boolean virtualizes() {
        return ARM.contains(architecture) || VIRTUALIZATION.matcher(text).find();
    }

    /**
     * The frequency of the first CPU, which is that of its time stamp counter on a host that is a virtual machine
     * itself. A host that changes the frequency of its CPUs reports the present one.
     */
    public OptionalInt frequencyKhz() {
        var line = FREQUENCY.matcher(text);
        return line.find() ? OptionalInt.of(Integer.parseInt(line.group(1) + line.group(2))) : OptionalInt.empty();
    }
}
