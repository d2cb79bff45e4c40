package dev.vmplane.hypervisor;

import dev.vmplane.model.ReasonCode;
import io.netty.channel.ConnectTimeoutException;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ConnectionPoolTooBusyException;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClosedException;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import java.io.FileNotFoundException;
import java.net.ConnectException;
import java.net.SocketException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeoutException;

/**
 * Speaks HTTP to hypervisors over their Unix sockets, and turns every way in which that can go wrong into a {@link
 * HypervisorException}. Each answer is bounded in size, and each call in time from waiting for the connection to the
 * last byte, so neither a deaf hypervisor nor one that trickles can hold a caller.
 *
 * <p>One instance serves all sockets. Its pool is keyed by path, keeps one connection for each (these servers work on
 * one request at a time and refuse an eleventh connection), and drops a connection that was quiet for a second or two: a
 * quiet VM costs no descriptor and no memory, and a new connection costs a tenth of a millisecond. A client for each VM
 * would take 2.3 KB and a timer for each.
 */
public final class UnixHttp {
    private static final int CONNECTIONS_PER_SOCKET = 1;
    private static final int WAITING_PER_SOCKET = 16;
    private static final int KEEP_ALIVE_SECONDS = 1;
    private static final int MAX_HEADER_BYTES = 8 * 1024;
    private static final long FIRST_LOOK_AGAIN_MS = 2;
    private static final long MAX_LOOK_AGAIN_MS = 25;

    private final Vertx vertx;
    private final HttpClient client;

    public UnixHttp(Vertx vertx) {
        this(vertx, CONNECTIONS_PER_SOCKET, WAITING_PER_SOCKET);
    }

    /** For servers that work on several requests at once, with {@code waiting} calls in line for a free connection. */
    public UnixHttp(Vertx vertx, int connections, int waiting) {
        this.vertx = vertx;
        this.client = vertx.createHttpClient(
                new HttpClientOptions().setKeepAliveTimeout(KEEP_ALIVE_SECONDS).setMaxHeaderSize(MAX_HEADER_BYTES),
                new PoolOptions().setHttp1MaxSize(connections).setMaxWaitQueueSize(waiting));
    }

    /**
     * One question to a hypervisor.
     *
     * @param sentence how the message of a failure begins: {@code vm vm-1 cannot pause}
     * @param refused what it means when the hypervisor says no
     * @param body JSON, or null for none
     */
    public record Call(
            String sentence, ReasonCode refused, HttpMethod method, String uri, Buffer body, Duration limit) {}

    /**
     * Completes with the body of a 2xx answer. A GET whose connection ends before the answer is complete is sent once more:
     * the connection may have been kept from a process that died a moment ago, and only a new one tells who listens now.
     */
    public Future<String> send(Path socket, Call call) {
        var deadlineNanos = System.nanoTime() + call.limit().toNanos();
        return exchange(socket, call, call.limit())
                .recover(cause -> call.method().equals(HttpMethod.GET) && cause instanceof HttpClosedException
                        ? exchange(socket, call, Duration.ofNanos(deadlineNanos - System.nanoTime()))
                        : Future.failedFuture(cause))
                .transform((answer, cause) ->
                        cause == null ? judged(call, answer) : Future.failedFuture(failed(call, cause)));
    }

    /**
     * Completes with the first answer of a server that is starting, asking again every few milliseconds while nobody
     * listens. Gives up as soon as {@code ended} says that nobody will.
     *
     * @param probe its limit is the limit of the whole wait
     */
    public Future<String> awaitReady(Path socket, Call probe, Future<?> ended) {
        Promise<String> ready = Promise.promise();
        ended.onComplete(gone -> ready.tryFail(
                new HypervisorException(ReasonCode.LAUNCH_FAILED, probe.sentence() + ": its process ended at once")));
        look(socket, probe, System.nanoTime() + probe.limit().toNanos(), FIRST_LOOK_AGAIN_MS, ready);
        return ready.future();
    }

    /** Whether a call failed because no process listens at the socket: it has not begun to, or it is gone. */
    public static boolean nobodyListens(Throwable failure) {
        var cause = failure instanceof HypervisorException ? failure.getCause() : failure;
        // One that is connected to in vain is there, and deaf.
        return (cause instanceof ConnectException && !(cause instanceof ConnectTimeoutException))
                || cause instanceof FileNotFoundException
                || (cause instanceof SocketException
                        && String.valueOf(cause.getMessage()).contains("No such file"));
    }

    private void look(Path socket, Call probe, long deadlineNanos, long againMs, Promise<String> ready) {
        var left = Duration.ofNanos(deadlineNanos - System.nanoTime());
        if (left.toMillis() <= 0) {
            ready.tryFail(failed(probe, new TimeoutException()));
            return;
        }
        exchange(socket, probe, left)
                .onComplete(answer -> judged(probe, answer).onComplete(ready::tryComplete, ready::tryFail), notYet -> {
                    if (!ready.future().isComplete()) {
                        vertx.setTimer(
                                againMs,
                                again -> look(
                                        socket, probe, deadlineNanos, Math.min(2 * againMs, MAX_LOOK_AGAIN_MS), ready));
                    }
                });
    }

    private Future<UnixExchange.Answer> exchange(Path socket, Call call, Duration limit) {
        Context context = vertx.getOrCreateContext();
        var exchange = new UnixExchange(vertx, client, socket, call, limit);
        if (Vertx.currentContext() == context) {
            exchange.begin();
        } else {
            context.runOnContext(here -> exchange.begin());
        }
        return exchange.answer();
    }

    private static Future<String> judged(Call call, UnixExchange.Answer answer) {
        return answer.success()
                ? Future.succeededFuture(answer.body())
                : Future.failedFuture(new HypervisorException(
                        call.refused(), call.sentence() + ": " + RefusalText.of(answer.status(), answer.body())));
    }

    private static HypervisorException failed(Call call, Throwable cause) {
        String why;
        if (cause instanceof TimeoutException) {
            why = "no answer within " + call.limit().toMillis() + " ms";
        } else if (nobodyListens(cause)) {
            why = "nobody listens at its control socket";
        } else if (cause instanceof UnixExchange.TooLongException) {
            why = cause.getMessage();
        } else if (cause instanceof ConnectionPoolTooBusyException) {
            why = "too many calls wait for its control socket";
        } else {
            why = "its control socket failed before the answer was complete";
        }
        return new HypervisorException(ReasonCode.HYPERVISOR_SILENT, call.sentence() + ": " + why, cause);
    }
}
