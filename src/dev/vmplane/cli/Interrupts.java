package dev.vmplane.cli;

import org.jline.utils.Signals;

/** Being told to end: by Ctrl-C, or by SIGTERM. */
@FunctionalInterface
interface Interrupts {
    /** Those of this process, which end it while nobody listens. */
    Interrupts OF_PROCESS = task -> {
        var interrupt = Signals.register("INT", task);
        var terminate = Signals.register("TERM", task);
        return () -> {
            Signals.unregister("INT", interrupt);
            Signals.unregister("TERM", terminate);
        };
    };

    /** Runs {@code task}, on a thread of its own, each time, instead of ending the process, until the answer is closed. */
    Listening listen(Runnable task);

    /** A pending {@link #listen}. */
    @FunctionalInterface
    interface Listening extends AutoCloseable {
        @Override
        void close();
    }
}
