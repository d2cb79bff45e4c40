package dev.vmplane.host;

import dev.vmplane.host.Poller.Look;
import dev.vmplane.host.Poller.Watch;
import dev.vmplane.model.GuestExit;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/**
 * Reads what guests print: while they boot for the signs of life, and after their end for how they ended. Between these
 * nobody reads, and a console is never held open. However much a guest prints, one look takes 64 KiB at most.
 */
public final class Consoles {
    private static final Duration POLL_INTERVAL = Duration.ofMillis(100);
    private static final int LOOKS_PER_ROUND = 500;
    private static final int LOOK_BYTES = 64 * 1024;
    private static final int END_BYTES = 8 * 1024;

    private final HostWork work;
    private final Poller poller;

    /** Its timer lives as long as the context it is made on. */
    public Consoles(Vertx vertx, WorkerExecutor worker) {
        this.work = new HostWork(worker);
        this.poller = new Poller(vertx, worker, POLL_INTERVAL, LOOKS_PER_ROUND);
    }

    /** Starts to watch a guest that is about to boot. */
    public Signs watch(RunDirectory directory) {
        return new Signs(poller, new ConsoleFile(directory.console()));
    }

    /** How the guest's program ended, as the end of the console tells; unknown is an answer. */
    public Future<GuestExit> exit(RunDirectory directory) {
        return end(directory).map(GuestEnd::exit);
    }

    /** The same, with why the program did not run if it did not. */
    public Future<GuestEnd> end(RunDirectory directory) {
        var console = new ConsoleFile(directory.console());
        return work.run("console cannot be read", () -> {
            var last = console.lastLines(END_BYTES);
            return ConsoleText.end(last.bytes(), last.inLine());
        });
    }

    /** The signs of life of one guest. Each comes once or never. */
    public static final class Signs {
        private final Poller poller;
        private final Watch<Boolean> printed;
        private final Watch<Boolean> started;

        private Signs(Poller poller, ConsoleFile console) {
            this.poller = poller;
            this.printed = poller.watch(() -> sign(console.last(1).length > 0));
            this.started = poller.watch(new StartedLook(console.reader()));
        }

        /** Completes when anything at all has been printed: the guest's kernel is alive. */
        public Future<Void> printed() {
            return poller.seen(printed).mapEmpty();
        }

        /** Completes when the guest program has started the tenant's. */
        public Future<Void> started() {
            return poller.seen(started).mapEmpty();
        }

        /** Ends the watch; what has not completed never will. */
        public void forget() {
            printed.cancel();
            started.cancel();
        }
    }

    /** Reads on from where the look before ended. */
    private static final class StartedLook implements Look<Boolean> {
        private final ConsoleFile.Reader console;
        private final ConsoleText text = new ConsoleText();

        private StartedLook(ConsoleFile.Reader console) {
            this.console = console;
        }

        @Override
        public Optional<Boolean> take() throws IOException {
            return sign(text.started(console.next(LOOK_BYTES)));
        }
    }

    private static Optional<Boolean> sign(boolean seen) {
        return seen ? Optional.of(true) : Optional.empty();
    }
}
