package dev.vmplane.host.network;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What this host gives us to connect VMs with.
 *
 * @param administrator whether we may change its network
 * @param tunnels whether it lets us make taps
 * @param ip the program, if it is there; so with the others
 */
public record Means(
        boolean administrator, boolean tunnels, Optional<Path> ip, Optional<Path> nft, Optional<Path> dnsmasq) {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final Path TUNNELS = Path.of("/dev/net/tun");
    private static final String CAPABILITIES = "CapEff:\t";
    /** CAP_NET_ADMIN, see capabilities(7). */
    private static final int NET_ADMIN = 12;
    /** Where such programs are, even when a user's path does not say so. */
    private static final String SYSTEM_PATH = ":/usr/sbin:/sbin";

    /** Looks at this host; blocks for a moment. */
    public static Means ofThisHost(String path) {
        return new Means(
                mayAdminister(),
                tunnelsOpen(),
                program("ip", path + SYSTEM_PATH),
                program("nft", path + SYSTEM_PATH),
                program("dnsmasq", path + SYSTEM_PATH));
    }

    /** What there is not and taps need, with what to do about it; empty when all is there. */
    public Optional<String> lackForTaps() {
        return Stream.of(
                        lack(administrator, "the right to change the network: run as root or with CAP_NET_ADMIN"),
                        lack(tunnels, "/dev/net/tun, or the right to open it: load the module tun"),
                        lack(ip.isPresent(), "the program ip: install iproute2"),
                        lack(nft.isPresent(), "the program nft: install nftables"))
                .flatMap(Optional::stream)
                .findFirst();
    }

    private static Optional<String> lack(boolean there, String what) {
        return there ? Optional.empty() : Optional.of(what);
    }

    private static boolean mayAdminister() {
        try (var lines = Files.lines(STATUS, US_ASCII)) {
            return lines.filter(line -> line.startsWith(CAPABILITIES))
                    .map(line -> Long.parseUnsignedLong(
                            line.substring(CAPABILITIES.length()).strip(), 16))
                    .anyMatch(capabilities -> (capabilities >> NET_ADMIN & 1) == 1);
        } catch (IOException notLinux) {
            return false;
        }
    }

    private static boolean tunnelsOpen() {
        try (var opened = FileChannel.open(TUNNELS, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return opened.isOpen();
        } catch (IOException none) {
            return false;
        }
    }

    private static Optional<Path> program(String name, String path) {
        return Arrays.stream(path.split(":"))
                .filter(directory -> !directory.isEmpty())
                .map(directory -> Path.of(directory, name))
                .filter(Files::isExecutable)
                .findFirst();
    }
}
