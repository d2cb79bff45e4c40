package dev.vmplane.crash;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;

/** One control plane, as a process of its own. */
final class PlaneProcess implements AutoCloseable {
    private static final Pattern READY = Pattern.compile("ready api=\"http://[^:]*:(\\d+)\"");
    private static final int START_LIMIT_SECONDS = 60;
    private static final int STOP_LIMIT_SECONDS = 30;
    private static final int REMEMBERED_LINES = 400;

    private final Process process;
    private final Deque<String> lines = new ArrayDeque<>();
    private final CompletableFuture<Integer> port = new CompletableFuture<>();

    private PlaneProcess(Process process) {
        this.process = process;
    }

    static PlaneProcess start(List<String> command, Map<String, String> environment) throws IOException {
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        var plane = new PlaneProcess(builder.start());
        var reader = new Thread(plane::read, "plane-output");
        reader.setDaemon(true);
        reader.start();
        return plane;
    }

    private void read() {
        try (var output = process.inputReader()) {
            for (var line = output.readLine(); line != null; line = output.readLine()) {
                hear(line);
            }
        } catch (IOException | UncheckedIOException ended) {
            hear("(its output cannot be read: " + ended.getMessage() + ")");
        } finally {
            port.complete(0);
        }
    }

    private void hear(String line) {
        synchronized (lines) {
            lines.add(line);
            if (lines.size() > REMEMBERED_LINES) {
                lines.remove();
            }
        }
        var ready = READY.matcher(line);
        if (ready.find()) {
            port.complete(Integer.valueOf(ready.group(1)));
        }
    }

    /** Whether it takes requests; false when it died before it did. */
    boolean awaitReady() throws InterruptedException {
        try {
            return port.get(START_LIMIT_SECONDS, SECONDS) > 0;
        } catch (ExecutionException | TimeoutException late) {
            throw new AssertionError("the control plane was not ready within " + START_LIMIT_SECONDS + " s", late);
        }
    }

    int port() {
        return port.join();
    }

    boolean alive() {
        return process.isAlive();
    }

    /** Waits for its death, for so long at most. */
    boolean diesWithin(Duration limit) throws InterruptedException {
        return process.waitFor(limit.toMillis(), MILLISECONDS);
    }

    CompletableFuture<?> death() {
        return process.onExit();
    }

    /** What {@code kill -9} does, after a while. */
    void killIn(Duration delay) {
        var ignored = CompletableFuture.runAsync(
                process::destroyForcibly, CompletableFuture.delayedExecutor(delay.toMillis(), MILLISECONDS));
    }

    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    void stop() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(STOP_LIMIT_SECONDS, SECONDS)) {
            throw new AssertionError("the control plane did not stop within " + STOP_LIMIT_SECONDS + " s");
        }
    }

    /** The end of what it said. */
    List<String> said() {
        synchronized (lines) {
            return List.copyOf(lines);
        }
    }

    @Override
    public void close() throws InterruptedException {
        kill();
    }
}
