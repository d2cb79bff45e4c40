package dev.vmplane.model;

import java.time.Duration;
import java.time.Instant;

/** The clock and the alarm that verticles live by, so that tests can turn both by hand. */
public interface Time {
    Instant now();

    /** Runs {@code task} once, on the caller's event loop, after {@code delay}. */
    Alarm after(Duration delay, Runnable task);

    /** A pending {@link #after}. */
    @FunctionalInterface
    interface Alarm {
        /** Forgets the task if it has not run yet. */
        void cancel();
    }
}
