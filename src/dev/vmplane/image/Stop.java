package dev.vmplane.image;

import java.time.Duration;

/** Tells work on another thread to end early: because nobody wants it any more, or because its time is over. */
final class Stop {
    private final long deadlineNanos;
    private final Duration limit;
    private volatile boolean told;

    Stop(Duration limit) {
        this.limit = limit;
        this.deadlineNanos = System.nanoTime() + limit.toNanos();
    }

    void tell() {
        told = true;
    }

    boolean told() {
        return told;
    }

    /** Fails if it is time to end. */
    void check() {
        if (told) {
            throw ImageTrouble.unavailable("image_not_wanted", "nobody wants it any more");
        }
        if (left().isNegative()) {
            throw ImageTrouble.unavailable("image_too_slow", "it took longer than " + limit.toSeconds() + " s");
        }
    }

    Duration left() {
        return Duration.ofNanos(deadlineNanos - System.nanoTime());
    }
}
