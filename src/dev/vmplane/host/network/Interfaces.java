package dev.vmplane.host.network;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;

/** Looks at the interfaces of this host. A look is a few system calls and needs no other program. */
final class Interfaces {
    private static final Path ALL = Path.of("/sys/class/net");

    boolean exists(String name) {
        return Files.exists(ALL.resolve(name));
    }

    boolean isBridge(String name) {
        return Files.isDirectory(ALL.resolve(name).resolve("bridge"));
    }

    boolean isTap(String name) {
        return Files.exists(ALL.resolve(name).resolve("tun_flags"));
    }

    /** The bridge that an interface is a port of, or empty text. */
    String bridgeOf(String name) throws IOException {
        try {
            return Files.readSymbolicLink(ALL.resolve(name).resolve("master"))
                    .getFileName()
                    .toString();
        } catch (NoSuchFileException free) {
            return "";
        }
    }

    Set<String> portsOf(String bridge) throws IOException {
        try (var ports = Files.list(ALL.resolve(bridge).resolve("brif"))) {
            return ports.map(port -> port.getFileName().toString()).collect(Collectors.toUnmodifiableSet());
        } catch (NoSuchFileException | NotDirectoryException noBridge) {
            return Set.of();
        }
    }

    /** What somebody wrote down about an interface: whoever made it, who that is. */
    String alias(String name) throws IOException {
        return Files.readString(ALL.resolve(name).resolve("ifalias"), US_ASCII).strip();
    }
}
