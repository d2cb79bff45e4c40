package dev.vmplane.hypervisor.simulator;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The part of a hypervisor's command line that the simulator acts on. Which hypervisor it is to be says the name of the
 * program.
 */
record VmmCommand(String vmId, Path apiSocket, VmmModel model) {
    private static final String CLOUD_HYPERVISOR = "cloud-hypervisor";
    private static final Set<String> FIRECRACKER_FLAGS = Set.of("--api-sock", "--id", "--log-path", "--level");
    private static final Set<String> CLOUD_HYPERVISOR_FLAGS = Set.of("--api-socket");

    /**
     * Reads a command line as the hypervisor does: a flag it does not know is an error.
     *
     * @throws IllegalArgumentException saying what is wrong
     */
    static VmmCommand of(List<String> command) {
        var program = Path.of(command.get(0)).getFileName();
        return program.toString().equals(CLOUD_HYPERVISOR) ? cloudHypervisor(command) : firecracker(command);
    }

    private static VmmCommand firecracker(List<String> command) {
        var values = values(command, FIRECRACKER_FLAGS);
        var id = values.getOrDefault("--id", "anonymous-instance");
        if (!id.matches("[A-Za-z0-9-]{1,64}")) {
            throw new IllegalArgumentException("invalid instance id '" + id + "'");
        }
        var socket = Path.of(values.getOrDefault("--api-sock", "/run/firecracker.socket"));
        return new VmmCommand(id, socket, new FirecrackerModel(id));
    }

    /** It is told no name. As among real processes, the VM is known by the run directory its socket lies in. */
    private static VmmCommand cloudHypervisor(List<String> command) {
        var value = values(command, CLOUD_HYPERVISOR_FLAGS).getOrDefault("--api-socket", "");
        if (!value.startsWith("path=/")) {
            throw new IllegalArgumentException("--api-socket needs path=<path>");
        }
        var socket = Path.of(value.substring("path=".length()));
        var vmId = socket.getParent().getFileName().toString();
        return new VmmCommand(vmId, socket, new CloudHypervisorModel());
    }

    private static Map<String, String> values(List<String> command, Set<String> flags) {
        var values = new HashMap<String, String>();
        for (var i = 1; i < command.size(); i += 2) {
            if (!flags.contains(command.get(i))) {
                throw new IllegalArgumentException("found argument '" + command.get(i) + "' which is not expected");
            }
            if (i + 1 == command.size()) {
                throw new IllegalArgumentException("argument '" + command.get(i) + "' needs a value");
            }
            values.put(command.get(i), command.get(i + 1));
        }
        return values;
    }
}
