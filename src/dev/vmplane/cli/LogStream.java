package dev.vmplane.cli;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * What guests print, as it comes, from the server's events of it. When the connection is lost it goes on from the line
 * after the last one that came, so that none is missing and none comes twice.
 */
final class LogStream implements AutoCloseable {
    private static final Duration BETWEEN_TRIES = Duration.ofSeconds(1);

    /** In a row without a line. A server that restarts is back by then. */
    private static final int MAX_TRIES = 30;

    private final ApiClient api;
    private final String path;
    private final LogPrinter printer;
    private final CountDownLatch closed = new CountDownLatch(1);
    private String position;
    private boolean opened;
    private int tries;

    /** @param path with its query */
    LogStream(ApiClient api, String path, LogPrinter printer) {
        this.api = api;
        this.path = path;
        this.printer = printer;
    }

    /** Returns when everything has been printed, nobody reads it any more, or it was closed. */
    void run() {
        while (isOpen()) {
            try (var lines = api.follow(path, "text/event-stream", position)) {
                opened = true;
                read(lines);
                return;
            } catch (IOException lost) {
                again("the server at " + api.server() + " cannot go on with the log: " + lost.getMessage());
            } catch (CommandException failure) {
                if (!opened || (failure instanceof ProblemException refused && !refused.passing())) {
                    throw failure;
                }
                again(failure.getMessage());
            }
        }
    }

    private void read(ApiClient.Lines from) throws IOException {
        String id = null;
        var kind = "";
        for (var line = from.next(); line != null && isOpen(); line = from.next()) {
            if (line.startsWith("id:")) {
                id = line.substring("id:".length()).strip();
            } else if (line.startsWith("event:")) {
                kind = line.substring("event:".length()).strip();
            } else if (line.startsWith("data:") && kind.equals("log")) {
                printer.print(Document.read(line.substring("data:".length())));
                position = id;
                tries = 0;
            }
            if (printer.output().unread()) {
                return;
            }
        }
    }

    private void again(String why) {
        if (++tries > MAX_TRIES) {
            throw new CommandException(why);
        }
        try {
            if (!closed.await(BETWEEN_TRIES.toNanos(), TimeUnit.NANOSECONDS) && tries == 1) {
                printer.output().note("vmplane: " + why + "; trying again");
            }
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
            closed.countDown();
        }
    }

    private boolean isOpen() {
        return closed.getCount() > 0;
    }

    /** From any thread: nothing is printed any more. Whoever waits for the next line does so until it comes. */
    @Override
    public void close() {
        closed.countDown();
    }
}
