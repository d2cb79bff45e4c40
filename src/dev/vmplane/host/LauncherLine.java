package dev.vmplane.host;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetSocket;
import io.vertx.core.parsetools.RecordParser;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * One connection to a launcher. Many may wait for answers at once; each answer finds its request by number, and what has
 * the number 0 is news that nobody asked for just now. Lives on one event loop.
 */
final class LauncherLine {
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(10);

    /** One start or kill for each VM a host may have. */
    private static final int MAX_WAITING = 10_000;

    private final NetSocket socket;
    private final Consumer<List<String>> news;
    private final Map<String, Promise<List<String>>> waiting = new HashMap<>();
    private final RecordParser parser = RecordParser.newFixed(LauncherFrame.HEADER_BYTES);
    private final Promise<Void> lost = Promise.promise();
    private boolean inBody;
    private long asked;

    /** The connection ended before the answer came: what was asked may have been done or not. */
    static final class LostException extends RuntimeException {
        private LostException() {
            super("the launcher is gone", null, false, false);
        }
    }

    LauncherLine(NetSocket socket, Consumer<List<String>> news) {
        this.socket = socket;
        this.news = news;
        parser.handler(this::hear);
        socket.handler(parser).closeHandler(closed -> lose());
    }

    /** Completes when the connection has ended. */
    Future<Void> lost() {
        return lost.future();
    }

    /** The fields of the answer, without the number. */
    Future<List<String>> ask(List<String> request) {
        if (lost.future().isComplete()) {
            return Future.failedFuture(new LostException());
        }
        if (waiting.size() >= MAX_WAITING) {
            return Future.failedFuture(new HostException("the launcher has too much to do"));
        }
        var number = Long.toString(++asked);
        Promise<List<String>> answer = Promise.promise();
        write(number, request);
        waiting.put(number, answer);
        return answer.future()
                .timeout(ANSWER_LIMIT.toMillis(), MILLISECONDS)
                .recover(failure -> Future.failedFuture(failure instanceof TimeoutException ? silent() : failure))
                .eventually(() -> {
                    waiting.remove(number);
                    return Future.succeededFuture();
                });
    }

    /** For what has no answer. */
    void tell(List<String> request) {
        write("0", request);
    }

    Future<Void> close() {
        return socket.close();
    }

    private static HostException silent() {
        return new HostException("the launcher does not answer within " + ANSWER_LIMIT.toSeconds() + " s");
    }

    private void write(String number, List<String> request) {
        var fields = new ArrayList<String>(List.of(number));
        fields.addAll(request);
        socket.write(Buffer.buffer(LauncherFrame.of(fields)));
    }

    private void hear(Buffer bytes) {
        try {
            if (inBody) {
                take(LauncherFrame.fields(bytes.getBytes()));
            }
            parser.fixedSizeMode(inBody ? LauncherFrame.HEADER_BYTES : LauncherFrame.length(bytes.getBytes()));
            inBody = !inBody;
        } catch (IllegalArgumentException garbage) {
            socket.close();
        }
    }

    private void take(List<String> fields) {
        var rest = fields.subList(1, fields.size());
        if (fields.get(0).equals("0")) {
            news.accept(rest);
            return;
        }
        var answer = waiting.get(fields.get(0));
        if (answer != null) {
            answer.tryComplete(rest);
        }
    }

    private void lose() {
        lost.tryComplete();
        List.copyOf(waiting.values()).forEach(answer -> answer.tryFail(new LostException()));
    }
}
