package dev.vmplane;

import dev.vmplane.model.Time;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.PriorityQueue;

/**
 * Time that moves only when a test says so. Alarms ring in the order they are due, and equal ones in the order they
 * were set. One that was set on a Vert.x context rings on that context, a moment after {@link #advance} returns; the
 * others ring inside {@code advance}, and so do the ones those set in turn.
 */
public final class ManualTime implements Time {
    private final PriorityQueue<Bell> bells =
            new PriorityQueue<>(Comparator.comparing(Bell::due).thenComparing(Bell::order));
    private Instant now;
    private long set;

    public ManualTime() {
        this(Instant.parse("2026-01-01T00:00:00Z"));
    }

    public ManualTime(Instant start) {
        this.now = start;
    }

    @Override
    public synchronized Instant now() {
        return now;
    }

    @Override
    public synchronized Alarm after(Duration delay, Runnable task) {
        var bell = new Bell(now.plus(delay), set++, Vertx.currentContext(), task);
        bells.add(bell);
        return () -> cancel(bell);
    }

    /** Lets {@code length} pass. An alarm that rings inside sees the time it was due at. */
    public void advance(Duration length) {
        var end = now().plus(length);
        for (var bell = due(end); bell != null; bell = due(end)) {
            bell.ring();
        }
        moveTo(end);
    }

    /** How many alarms are set: what a test waits for before it lets the time pass. */
    public synchronized int pending() {
        return bells.size();
    }

    private synchronized Bell due(Instant end) {
        var first = bells.peek();
        if (first == null || first.due.isAfter(end)) {
            return null;
        }
        moveTo(first.due);
        return bells.remove();
    }

    private synchronized void moveTo(Instant instant) {
        now = instant.isAfter(now) ? instant : now;
    }

    private synchronized void cancel(Bell bell) {
        bells.remove(bell);
        bell.cancelled = true;
    }

    private synchronized boolean cancelled(Bell bell) {
        return bell.cancelled;
    }

    private final class Bell {
        private final Instant due;
        private final long order;
        private final Context context;
        private final Runnable task;
        private boolean cancelled;

        private Bell(Instant due, long order, Context context, Runnable task) {
            this.due = due;
            this.order = order;
            this.context = context;
            this.task = task;
        }

        private Instant due() {
            return due;
        }

        private long order() {
            return order;
        }

        private void ring() {
            if (context == null) {
                task.run();
            } else {
                context.runOnContext(ignored -> runUnlessCancelled());
            }
        }

        /** Between the ringing and the turn of the event loop, the alarm can still be cancelled. */
        private void runUnlessCancelled() {
            if (!cancelled(this)) {
                task.run();
            }
        }
    }
}
