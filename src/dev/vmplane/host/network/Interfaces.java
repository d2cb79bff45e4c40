package dev.vmplane.host.network;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Looks at the interfaces of a host. A look is a few system calls and needs no other program.
 *
 * @param all the directory where the kernel shows them
 */
record Interfaces(Path all) {
    static final Path OF_THIS_HOST = Path.of("/sys/class/net");

    boolean exists(String name) {
        return Files.exists(all.resolve(name));
    }

    boolean isBridge(String name) {
        return Files.isDirectory(all.resolve(name).resolve("bridge"));
    }

    boolean isTap(String name) {
        return Files.exists(all.resolve(name).resolve("tun_flags"));
    }

    /** The bridge that an interface is a port of, or empty text. */
    String bridgeOf(String name) throws IOException {
        try {
            return Files.readSymbolicLink(all.resolve(name).resolve("master"))
                    .getFileName()
                    .toString();
        } catch (NoSuchFileException free) {
            return "";
        }
    }

    Set<String> portsOf(String bridge) throws IOException {
        try (var ports = Files.list(all.resolve(bridge).resolve("brif"))) {
            return ports.map(port -> port.getFileName().toString()).collect(Collectors.toUnmodifiableSet());
        } catch (NoSuchFileException | NotDirectoryException noBridge) {
            return Set.of();
        }
    }

    /** What somebody wrote down about an interface: whoever made it, who that is. */
    String alias(String name) throws IOException {
        return Files.readString(all.resolve(name).resolve("ifalias"), US_ASCII).strip();
    }
}
