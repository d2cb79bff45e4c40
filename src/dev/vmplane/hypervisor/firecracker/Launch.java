package dev.vmplane.hypervisor.firecracker;

import dev.vmplane.hypervisor.Machine;
import io.vertx.core.Future;
import java.util.List;

/**
 * The way a Firecracker process comes to be. Either way it ends up as the very process that was started, it finds its
 * files under the paths of the host, its socket answers at {@link dev.vmplane.host.RunDirectory#apiSocket}, and its
 * command line names that path, by which it is recognized. So nothing after the launch depends on the way.
 */
public sealed interface Launch permits RawLaunch, JailedLaunch {

    /** Makes ready what the process will look for, and completes with the command that starts it. May be repeated. */
    Future<List<String>> prepare(Machine machine);

    /** What Firecracker is told on its command line: where to listen and to log. All else comes through the socket. */
    static List<String> flags(Machine machine) {
        var directory = machine.directory();
        return List.of(
                "--api-sock",
                directory.apiSocket().toString(),
                "--log-path",
                directory.vmmLog().toString(),
                "--level",
                "Warn");
    }
}
