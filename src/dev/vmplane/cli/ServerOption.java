package dev.vmplane.cli;

import java.net.URI;
import picocli.CommandLine.Option;

/** Which server a command speaks to. */
final class ServerOption {
    static final String VARIABLE = "VMPLANE_SERVER";

    private static final String USUAL = "http://127.0.0.1:8088";

    @Option(
            names = "--server",
            paramLabel = "URL",
            description = "The server's address (default: " + VARIABLE + ", else " + USUAL + ").")
    private String server;

    ApiClient client(Surroundings around) {
        return new ApiClient(address(around.variable(VARIABLE)));
    }

    private URI address(String variable) {
        var written = server != null ? server : variable.isEmpty() ? USUAL : variable;
        var whole = written.contains("://") ? written : "http://" + written;
        try {
            var address = URI.create(whole.replaceFirst("/+$", ""));
            if (address.getHost() != null && address.getScheme().matches("https?") && address.getQuery() == null) {
                return address;
            }
        } catch (IllegalArgumentException malformed) {
            // Told below.
        }
        throw new CommandException("the server's address cannot be '" + written + "': a URL such as " + USUAL);
    }
}
