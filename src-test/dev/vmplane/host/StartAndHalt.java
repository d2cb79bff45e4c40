package dev.vmplane.host;

import static dev.vmplane.host.HostRig.await;

import io.vertx.core.Vertx;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A control plane that starts one process below the run directory it is given, prints its pid and drops dead. */
public final class StartAndHalt {
    static final int STATUS = 17;

    private StartAndHalt() {}

    public static void main(String[] args) throws Exception {
        var vertx = Vertx.vertx();
        var runDir = Path.of(args[0]);
        var directory = RunDirectory.of(runDir, "vm-1");
        var followed = Files.createFile(directory.path().resolve("followed"));
        var processes =
                new LaunchedProcesses(vertx, runDir.getParent(), runDir, vertx.createSharedWorkerExecutor("host"));
        var process = await(processes.start(new ProcessOrder(
                directory, List.of("tail", "-f", followed.toString()), directory.vmmLog(), List.of())));
        System.out.println(process.pid());
        Runtime.getRuntime().halt(STATUS);
    }
}
