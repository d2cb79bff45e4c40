package dev.vmplane;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/** How the thread of a test waits for what happens on event loops: for a state, never for a length of time. */
public final class Await {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private Await() {}

    /**
     * Begins something on an event loop. What a test's own thread begins may go on in that thread when its first step is done
     * at once, and then misses what the event loop does meanwhile: the body of an answer, or the end of a connection.
     */
    public static <T> Future<T> onLoop(Vertx vertx, Supplier<Future<T>> act) {
        return Future.future(done -> vertx.runOnContext(here -> act.get().onComplete(done)));
    }

    public static <T> T of(Future<T> future) {
        try {
            return future.await(LIMIT.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException late) {
            throw new AssertionError("nothing came within " + LIMIT, late);
        }
    }

    public static Throwable failureOf(Future<?> future) {
        return of(future.map(unexpected -> (Throwable) null).otherwise(cause -> cause));
    }

    /** Asks again and again until the answer is {@code expected}. */
    public static <T> void until(T expected, Supplier<Future<T>> question) {
        var deadline = System.nanoTime() + LIMIT.toNanos();
        var answer = of(question.get());
        while (!Objects.equals(answer, expected) && System.nanoTime() < deadline) {
            Thread.onSpinWait();
            answer = of(question.get());
        }
        assertThat(answer).isEqualTo(expected);
    }
}
