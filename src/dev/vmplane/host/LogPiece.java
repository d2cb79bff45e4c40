package dev.vmplane.host;

import dev.vmplane.model.LogLine;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The lines in one piece of a console, whichever byte it was to begin with. The next piece begins with the first line that
 * is not whole in this one, so nothing need be remembered between two pieces.
 *
 * @param start the first byte that was looked at
 * @param next where the next piece begins
 * @param last whether the file ended with this piece
 */
record LogPiece(List<LogLine> lines, long start, long next, boolean last) {

    /** Where to read for the piece at {@code position}: the byte before tells whether a line begins there. */
    static long readFrom(long position) {
        return Math.max(0, position - 1);
    }

    /**
     * The piece at {@code position}.
     *
     * @param read from {@link #readFrom}, longer than the longest line unless the file ends
     * @param whole the file will not grow: a line without an end is one
     */
    static LogPiece of(long position, ConsoleFile.Piece read, boolean whole) {
        int before = position > 0 && read.start() == position - 1 && read.bytes().length > 0 ? 1 : 0;
        var start = read.start() + before;
        var end = read.start() + read.bytes().length;
        var inLine = start > 0 && !(before == 1 && read.bytes()[0] == '\n');
        var bytes = Arrays.copyOfRange(read.bytes(), before, read.bytes().length);
        var parser = LogLines.from(start, inLine);
        var lines = new ArrayList<>(parser.next(bytes));
        var last = end >= read.fileBytes();
        if (last && whole) {
            parser.rest().ifPresent(rest -> lines.add(ended(rest)));
            return new LogPiece(List.copyOf(lines), start, end, true);
        }
        var next = Math.max(
                behindLastLine(bytes, start),
                lines.isEmpty() ? 0 : lastOf(lines).end());
        var nothingBegins = next == start && (inLine || bytes.length > LogLines.MAX_LINE_BYTES);
        return new LogPiece(List.copyOf(lines), start, nothingBegins ? end : next, last);
    }

    private static long behindLastLine(byte[] bytes, long start) {
        int at = bytes.length;
        while (at > 0 && bytes[at - 1] != '\n') {
            at--;
        }
        return start + at;
    }

    private static LogLine ended(LogLine rest) {
        return new LogLine(rest.at(), rest.stream(), rest.bytes(), false, rest.end());
    }

    private static LogLine lastOf(List<LogLine> lines) {
        return lines.get(lines.size() - 1);
    }
}
