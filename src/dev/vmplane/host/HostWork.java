package dev.vmplane.host;

import dev.vmplane.model.ReasonCode;
import io.vertx.core.Future;
import io.vertx.core.WorkerExecutor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.util.concurrent.Callable;

/** Runs what blocks off the event loop, tasks side by side, and says what failed without naming a path of this host. */
public record HostWork(WorkerExecutor worker) {

    /** Runs {@code task}; {@code failure}, such as "vm x cannot be configured", begins the message if files fail it. */
    public <T> Future<T> run(String failure, Callable<T> task) {
        return run(ReasonCode.HOST_FAILED, failure, task);
    }

    /** As above, with what to call it if files fail it. */
    public <T> Future<T> run(ReasonCode code, String failure, Callable<T> task) {
        return worker.executeBlocking(
                () -> {
                    try {
                        return task.call();
                    } catch (IOException failed) {
                        throw new HostException(code, failure + ": " + reason(failed), failed);
                    } catch (UncheckedIOException failed) {
                        throw new HostException(code, failure + ": " + reason(failed.getCause()), failed);
                    }
                },
                false);
    }

    private static String reason(IOException failed) {
        return failed instanceof FileSystemException named && named.getReason() != null
                ? named.getReason()
                : failed.getClass().getSimpleName();
    }
}
