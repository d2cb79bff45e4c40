package dev.vmplane.host;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the launcher of a state directory: the one that runs there, a new one if none does, and a new one in the place of
 * one of another version. There is one connection at a time. Lives on one event loop.
 */
final class Launcher {
    private static final Logger LOG = LoggerFactory.getLogger(Launcher.class);

    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(5);

    /** To find nobody, start one and meet it; once more for one that has to make way, and for others who do the same. */
    private static final int ATTEMPTS = 5;

    private static final long RETRY_DELAY_MS = 50;
    private static final String CANNOT_START = "launcher cannot start";

    private final Vertx vertx;
    private final HostWork work;
    private final Path stateDir;
    private final LauncherProgram program;
    private final SocketAddress address;
    private final NetClient client;
    private final Consumer<LauncherLine> met;
    private final Consumer<List<String>> news;
    private Future<LauncherLine> current = Future.failedFuture("not connected yet");
    private boolean closed;

    /**
     * @param met is shown each new connection, before anybody else
     * @param news is told what the launcher says by itself
     */
    Launcher(
            Vertx vertx,
            WorkerExecutor worker,
            Path stateDir,
            LauncherProgram program,
            Consumer<LauncherLine> met,
            Consumer<List<String>> news) {
        this.vertx = vertx;
        this.work = new HostWork(worker);
        this.stateDir = stateDir;
        this.program = program;
        this.address = SocketAddress.domainSocketAddress(
                stateDir.resolve("launcher.sock").toString());
        this.client = vertx.createNetClient(new NetClientOptions().setConnectTimeout((int) CONNECT_LIMIT.toMillis()));
        this.met = met;
        this.news = news;
    }

    /** A connection that works, as far as anybody knows; asked again meanwhile it is still one. */
    Future<LauncherLine> line() {
        if (closed) {
            return Future.failedFuture(new HostException("launcher cannot be asked: the control plane is stopping"));
        }
        var usable = !current.isComplete()
                || (current.succeeded() && !current.result().lost().isComplete());
        if (!usable) {
            current = reach(ATTEMPTS).map(line -> {
                met.accept(line);
                return line;
            });
        }
        return current;
    }

    Future<Void> close() {
        closed = true;
        return current.transform((line, failure) -> line == null ? Future.succeededFuture() : line.close())
                .eventually(client::close);
    }

    private Future<LauncherLine> reach(int attempts) {
        return client.connect(address)
                .map(socket -> new LauncherLine(socket, news))
                .compose(line -> greet(line, attempts), nobody -> start(nobody, attempts));
    }

    private Future<LauncherLine> greet(LauncherLine line, int attempts) {
        return line.ask(List.of("hello"))
                .compose(answer -> sameVersion(answer) ? Future.succeededFuture(line) : replace(line, answer, attempts))
                .onFailure(strange -> line.close());
    }

    private boolean sameVersion(List<String> hello) {
        return hello.size() == 3 && hello.get(1).equals(program.version());
    }

    /** Whoever runs there ends, its processes do not; the lock is free when the connection ends. */
    private Future<LauncherLine> replace(LauncherLine line, List<String> hello, int attempts) {
        LOG.atInfo()
                .addKeyValue("from", hello)
                .addKeyValue("to", program.version())
                .log("replacing the launcher by another version");
        line.tell(List.of("quit"));
        return line.lost().compose(gone -> again(attempts));
    }

    private Future<LauncherLine> start(Throwable nobody, int attempts) {
        if (attempts == 1) {
            return Future.failedFuture(new HostException(CANNOT_START + ": nobody answers", nobody));
        }
        return work.<Void>run(CANNOT_START, () -> {
                    program.start(stateDir);
                    return null;
                })
                .compose(started -> attempts == ATTEMPTS ? reach(attempts - 1) : again(attempts));
    }

    private Future<LauncherLine> again(int attempts) {
        if (attempts == 1) {
            return Future.failedFuture(new HostException(CANNOT_START + ": another version stays in its place"));
        }
        Promise<LauncherLine> reached = Promise.promise();
        vertx.setTimer(RETRY_DELAY_MS, due -> reach(attempts - 1).onComplete(reached));
        return reached.future();
    }
}
