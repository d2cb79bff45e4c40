package dev.vmplane.image;

import java.time.Duration;

/** Tells work on another thread to end early: because nobody wants it any more, or because its time is over. */
final class Stop {
    private final Duration limit;
    private volatile long deadlineNanos;
    private volatile boolean told;

    /** The time begins now, and again with {@link #begin}. */
    Stop(Duration limit) {
        this.limit = limit;
        this.deadlineNanos = System.nanoTime() + limit.toNanos();
    }

    /** Whoever had to wait for a thread has all of its time left. Fails if it is not wanted any more. */
    void begin() {
        deadlineNanos = System.nanoTime() + limit.toNanos();
        check();
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
