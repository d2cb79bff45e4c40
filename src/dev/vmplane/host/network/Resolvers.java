package dev.vmplane.host.network;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/** The name servers of this host that its guests can ask themselves. Those on the host's loopback they cannot. */
public final class Resolvers {
    /** The second is where systemd keeps the real ones when it puts itself into the first. */
    private static final List<Path> FILES =
            List.of(Path.of("/etc/resolv.conf"), Path.of("/run/systemd/resolve/resolv.conf"));

    private static final Pattern SERVER = Pattern.compile("nameserver\\s+((?!127\\.)[0-9]{1,3}(\\.[0-9]{1,3}){3})\\s*");
    /** A resolver reads no more of them. */
    private static final int MAX_SERVERS = 3;

    private Resolvers() {}

    /** Reads them; blocks for a moment. */
    public static List<String> ofThisHost() throws IOException {
        for (var file : FILES) {
            var servers = in(file);
            if (!servers.isEmpty()) {
                return servers;
            }
        }
        return List.of();
    }

    private static List<String> in(Path file) throws IOException {
        try (var lines = Files.lines(file, US_ASCII)) {
            return lines.map(SERVER::matcher)
                    .filter(line -> line.matches())
                    .map(line -> line.group(1))
                    .limit(MAX_SERVERS)
                    .toList();
        } catch (NoSuchFileException | MalformedInputException none) {
            return List.of();
        }
    }
}
