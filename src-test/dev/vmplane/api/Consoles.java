package dev.vmplane.api;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;

import dev.vmplane.Await;
import dev.vmplane.ManualTime;
import dev.vmplane.Samples;
import dev.vmplane.host.LogArchive;
import dev.vmplane.host.LogFiles;
import dev.vmplane.host.RunDirectories;
import dev.vmplane.pool.LogVerticle;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The consoles of a host on which VMs print what a test says. */
final class Consoles {
    private final RunDirectories directories;
    private final LogArchive archive;

    Consoles(Vertx vertx, Path home, ManualTime time) {
        var worker = vertx.createSharedWorkerExecutor("consoles", 2);
        directories = new RunDirectories(home.resolve("run"), worker);
        archive = new LogArchive(home.resolve("logs"), directories, worker);
        var files = new LogFiles(directories, archive, worker);
        Await.of(vertx.deployVerticle(new LogVerticle("node-1", files, archive, time)));
    }

    /** Prints lines to the standard output, a second apart. */
    void print(String vmId, String... lines) {
        var second = 0;
        for (var line : lines) {
            raw(vmId, Samples.NOW.plusSeconds(second++).toEpochMilli() + " o " + line + "\n");
        }
    }

    void raw(String vmId, String text) {
        try {
            Files.writeString(Await.of(directories.create(vmId)).console(), text, CREATE, APPEND);
        } catch (IOException failed) {
            throw new IllegalStateException(failed);
        }
    }

    /** Nothing is left of the VM but what is kept of its log. */
    void end(String vmId) {
        Await.of(archive.keep(vmId).compose(kept -> directories.takeBack(vmId)));
    }
}
