package dev.vmplane.hypervisor.simulator;

import io.vertx.core.Future;
import io.vertx.core.WorkerExecutor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The standard output of one simulated process: lines appended in order, with no descriptor held between them. */
final class GuestConsole {
    private static final Logger LOG = LoggerFactory.getLogger(GuestConsole.class);

    private final WorkerExecutor files;
    private final Path output;
    private Future<?> written = Future.succeededFuture();

    GuestConsole(WorkerExecutor files, Path output) {
        this.files = files;
        this.output = output;
    }

    /** Appends one line, ended as a serial console ends lines. Completes, and never fails, when it is in the file. */
    Future<?> print(String line) {
        written = written.compose(before -> files.executeBlocking(() -> append(line + "\r\n"), false))
                .otherwise(failure -> {
                    LOG.atWarn().addKeyValue("error", failure.toString()).log("a guest cannot print");
                    return null;
                });
        return written;
    }

    private Path append(String text) throws IOException {
        return Files.writeString(output, text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
}
