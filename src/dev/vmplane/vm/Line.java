package dev.vmplane.vm;

import io.vertx.core.Future;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Supplier;

/**
 * One task at a time, in the order they came: handlers of one event loop interleave at every future, and what must not
 * interleave goes through here. Used on one event loop only.
 */
final class Line {
    private final int limit;
    private final Deque<Supplier<Future<?>>> waiting = new ArrayDeque<>();
    private boolean busy;

    Line(int limit) {
        this.limit = limit;
    }

    /** Runs {@code task} when those before it are done. False when the line is full and the task was not taken. */
    boolean run(Supplier<Future<?>> task) {
        if (waiting.size() >= limit) {
            return false;
        }
        waiting.add(task);
        if (!busy) {
            next();
        }
        return true;
    }

    private void next() {
        var task = waiting.poll();
        if (task == null) {
            busy = false;
            return;
        }
        busy = true;
        Future.succeededFuture().compose(now -> task.get()).onComplete(done -> next());
    }
}
