package dev.vmplane.hypervisor.simulator;

import io.vertx.core.Future;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.http.HttpServer;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A Unix socket's path, treated as Firecracker treats it: an occupied path is refused, and the file stays behind when
 * its server is gone, which is how clients can tell the dead from the missing. Netty does neither: it replaces whatever
 * is at the path it binds and removes it when it closes. So the server binds beside the path, and the socket is linked
 * to where it belongs.
 */
record SocketFile(Path path) {

    /** Completes when {@code server} can be reached at the path; fails, and closes it, when that is occupied. */
    Future<HttpServer> listen(HttpServer server, WorkerExecutor files) {
        return server.listen(SocketAddress.domainSocketAddress(beside().toString()))
                .compose(bound -> files.executeBlocking(this::link, false)
                        .map(bound)
                        .recover(occupied -> bound.close().transform(closed -> Future.failedFuture(occupied))));
    }

    /** Removes whatever is at the path. */
    Future<Void> clear(WorkerExecutor files) {
        return files.executeBlocking(() -> Files.deleteIfExists(path), false).mapEmpty();
    }

    /** As long as the path itself: a Unix socket's path may have 107 bytes at most. */
    private Path beside() {
        return path.resolveSibling("~" + path.getFileName().toString().substring(1));
    }

    private Void link() throws IOException {
        try {
            Files.createLink(path, beside());
        } finally {
            Files.delete(beside());
        }
        return null;
    }
}
