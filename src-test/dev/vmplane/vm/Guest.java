package dev.vmplane.vm;

import dev.vmplane.Await;
import io.vertx.core.Vertx;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A guest's program: a small HTTP server on a loopback address of its own, which answers with the status a test wants.
 * Two test runs on one host keep to different addresses, by their pids.
 */
final class Guest {
    private static final AtomicInteger GUESTS = new AtomicInteger();

    private final AtomicInteger status = new AtomicInteger(200);
    private final AtomicInteger checks = new AtomicInteger();
    private volatile Runnable meanwhile = () -> {};
    final String address = nextAddress();
    final int port;

    Guest(Vertx vertx) {
        var server = vertx.createHttpServer().requestHandler(request -> {
            checks.incrementAndGet();
            meanwhile.run();
            request.response().setStatusCode(status.get()).end();
        });
        port = Await.of(server.listen(0, address)).actualPort();
    }

    static String nextAddress() {
        return "127.64.%d.%d".formatted(1 + ProcessHandle.current().pid() % 250, 1 + GUESTS.getAndIncrement() % 250);
    }

    void answers(int status) {
        this.status.set(status);
    }

    /** Lets something happen between each question and its answer. */
    void meanwhile(Runnable happens) {
        meanwhile = happens;
    }

    int checks() {
        return checks.get();
    }
}
