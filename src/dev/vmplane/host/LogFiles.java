package dev.vmplane.host;

import dev.vmplane.host.ConsoleFile.Piece;
import dev.vmplane.model.Log;
import dev.vmplane.model.LogLine;
import io.vertx.core.Future;
import io.vertx.core.WorkerExecutor;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.EnumSet;

/**
 * Reads what VMs print: from the console of one that is there, from the archive of one that is not. A file is open for one
 * piece at a time, and nothing is remembered between two: a reader knows its place itself.
 */
public final class LogFiles {
    /** More than the longest line, and all that one reader has of memory. */
    private static final int PIECE_BYTES = 32 * 1024;

    /** The end in which a search for last lines begins; each next one is so many times larger. */
    private static final long FIRST_WINDOW_BYTES = 64 * 1024;

    private static final int WINDOW_GROWTH = 8;

    private final RunDirectories directories;
    private final LogArchive archive;
    private final HostWork work;

    /** @param worker of its own: what people read must not hold up what VMs need */
    public LogFiles(RunDirectories directories, LogArchive archive, WorkerExecutor worker) {
        this.directories = directories;
        this.archive = archive;
        this.work = new HostWork(worker);
    }

    /** Where a reader begins. May read all that is kept, which are some MiB. */
    public Future<Log.Span> find(Log.Find asked) {
        var output = new Output(asked.vmId());
        return work.run("the log of vm " + asked.vmId() + " cannot be searched", () -> {
            var there = output.piece(Long.MAX_VALUE);
            var first = output.piece(0).start();
            var from = Math.max(since(output, asked, first, there.start()), tail(output, asked, first, there.start()));
            return new Log.Span(from, there.start());
        });
    }

    /** The next piece for a reader. */
    public Future<Log.Chunk> read(Log.Read asked) {
        var output = new Output(asked.vmId());
        return work.run("the log of vm " + asked.vmId() + " cannot be read", () -> {
            var piece = output.lines(asked.position(), asked.whole());
            var wanted = piece.lines().stream()
                    .filter(line -> asked.streams().contains(line.stream()))
                    .toList();
            var skipped = Math.max(0, piece.start() - asked.position());
            return new Log.Chunk(wanted, skipped, Math.max(asked.position(), piece.next()), !piece.last());
        });
    }

    /** The place of the first line that is young enough. A line that does not tell its time is as old as the one before. */
    private static long since(Output output, Log.Find asked, long first, long end) throws IOException {
        if (asked.since() == null || !asked.bornAt().isBefore(asked.since())) {
            return 0;
        }
        var at = first;
        while (at < end) {
            var piece = output.lines(at, false);
            var begin = piece.start();
            for (var line : piece.lines()) {
                if (line.at() != null && !line.at().isBefore(asked.since())) {
                    return begin;
                }
                begin = line.end();
            }
            if (piece.last()) {
                break;
            }
            at = piece.next();
        }
        return end;
    }

    /** The place of the first of the last lines. Looks at a short end first, because most want few. */
    private static long tail(Output output, Log.Find asked, long first, long end) throws IOException {
        if (asked.tail() == null) {
            return 0;
        }
        var window = FIRST_WINDOW_BYTES;
        while (true) {
            var from = Math.max(first, end - window);
            var starts = lastStarts(output, asked, from, end);
            if (starts.size() == asked.tail() || from == first) {
                return starts.isEmpty() ? end : starts.peekFirst();
            }
            window *= WINDOW_GROWTH;
        }
    }

    /**
     * Where the last lines of a part begin, as many as are wanted. What goes on from a line before begins none, and what
     * ends behind the part is not of it: the file may grow faster than it is read.
     */
    private static ArrayDeque<Long> lastStarts(Output output, Log.Find asked, long from, long end) throws IOException {
        var starts = new ArrayDeque<Long>();
        var goingOn = EnumSet.noneOf(LogLine.Stream.class);
        var at = from;
        var last = asked.tail() == 0;
        while (at < end && !last) {
            var piece = output.lines(at, false);
            var begin = piece.start();
            for (var line : piece.lines()) {
                var begins = line.partial() ? goingOn.add(line.stream()) : !goingOn.remove(line.stream());
                if (begins && line.end() <= end && asked.streams().contains(line.stream())) {
                    starts.addLast(begin);
                    if (starts.size() > asked.tail()) {
                        starts.removeFirst();
                    }
                }
                begin = line.end();
            }
            last = piece.last();
            at = piece.next();
        }
        return starts;
    }

    /** All that one VM has printed, wherever it lies by now. Its methods block. */
    private final class Output {
        private final ConsoleFile console;
        private final ConsoleFile kept;

        private Output(String vmId) {
            console = new ConsoleFile(directories.of(vmId).console());
            kept = archive.of(vmId);
        }

        private LogPiece lines(long position, boolean whole) throws IOException {
            return LogPiece.of(position, piece(LogPiece.readFrom(position)), whole);
        }

        /** The archive is there before the console goes. */
        private Piece piece(long position) throws IOException {
            var live = console.piece(position, PIECE_BYTES);
            return live.isPresent()
                    ? live.get()
                    : kept.piece(position, PIECE_BYTES).orElse(Piece.NONE);
        }
    }
}
