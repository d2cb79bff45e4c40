package dev.vmplane.image;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.Supplier;

/**
 * Lets work that adds to a place go on side by side, and work that tidies it up only when nobody else is there. Who wants to
 * tidy up is waited for by all who come later. Belongs to one event loop.
 */
final class Turns {
    private final Queue<Runnable> together = new ArrayDeque<>();
    private final Queue<Runnable> alone = new ArrayDeque<>();
    private int inside;
    private boolean tidying;

    /** Does {@code work} beside other work of its kind. */
    <T> Future<T> together(Supplier<Future<T>> work) {
        return queue(together, () -> {
            inside++;
            return work.get().onComplete(done -> leave(() -> inside--));
        });
    }

    /** Does {@code work} when nothing else is going on. */
    <T> Future<T> alone(Supplier<Future<T>> work) {
        return queue(alone, () -> {
            tidying = true;
            return work.get().onComplete(done -> leave(() -> tidying = false));
        });
    }

    private <T> Future<T> queue(Queue<Runnable> line, Supplier<Future<T>> turn) {
        var done = Promise.<T>promise();
        line.add(() -> turn.get().onComplete(done));
        next();
        return done.future();
    }

    private void leave(Runnable change) {
        change.run();
        next();
    }

    private void next() {
        while (!tidying) {
            if (!alone.isEmpty()) {
                if (inside > 0) {
                    return;
                }
                alone.poll().run();
            } else if (!together.isEmpty()) {
                together.poll().run();
            } else {
                return;
            }
        }
    }
}
