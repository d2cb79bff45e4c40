package dev.vmplane.model;

import java.time.Instant;
import java.util.List;
import java.util.Set;

/**
 * What is said about what VMs print. A place in it is an offset, counted from the first byte that the VM printed: it stays
 * the same when the beginning is dropped, and when the VM has ended and only the end of it is kept.
 */
public final class Log {
    private Log() {}

    /**
     * Where a reader begins who does not want everything.
     *
     * @param streams what counts
     * @param tail how many of the last lines, or null for all there are
     * @param since lines before this are not wanted, or null
     * @param bornAt when the VM's row was made: no line is older
     */
    public record Find(String vmId, Set<LogLine.Stream> streams, Integer tail, Instant since, Instant bornAt) {}

    /** What there is for that reader now; more may come behind {@code to}. */
    public record Span(long from, long to) {}

    /**
     * What to read, a bounded piece at a time.
     *
     * @param whole the VM prints no more: a last line that has no end is as complete as it will be
     */
    public record Read(String vmId, Set<LogLine.Stream> streams, long position, boolean whole) {}

    /**
     * A piece.
     *
     * @param skipped how many bytes from the place that was asked for are kept no more
     * @param next where to go on
     * @param more whether there is more already
     */
    public record Chunk(List<LogLine> lines, long skipped, long next, boolean more) {}
}
