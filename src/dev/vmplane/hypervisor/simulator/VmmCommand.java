package dev.vmplane.hypervisor.simulator;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Set;

/** The part of a Firecracker command line that the simulator acts on. */
record VmmCommand(String vmId, Path apiSocket) {
    private static final Set<String> FLAGS = Set.of("--api-sock", "--id", "--log-path", "--level");

    /**
     * Reads a command line as Firecracker does: a flag it does not know is an error.
     *
     * @throws IllegalArgumentException saying what is wrong
     */
    static VmmCommand of(List<String> command) {
        var values = new HashMap<String, String>();
        for (var i = 1; i < command.size(); i += 2) {
            if (!FLAGS.contains(command.get(i))) {
                throw new IllegalArgumentException("found argument '" + command.get(i) + "' which is not expected");
            }
            if (i + 1 == command.size()) {
                throw new IllegalArgumentException("argument '" + command.get(i) + "' needs a value");
            }
            values.put(command.get(i), command.get(i + 1));
        }
        var id = values.getOrDefault("--id", "anonymous-instance");
        if (!id.matches("[A-Za-z0-9-]{1,64}")) {
            throw new IllegalArgumentException("invalid instance id '" + id + "'");
        }
        return new VmmCommand(id, Path.of(values.getOrDefault("--api-sock", "/run/firecracker.socket")));
    }
}
