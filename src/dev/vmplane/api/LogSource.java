package dev.vmplane.api;

import dev.vmplane.model.Log;
import dev.vmplane.model.LogLine;
import dev.vmplane.model.MicroVm;
import java.time.Instant;

/** How far one reader is with one microVM. */
final class LogSource {
    private final MicroVm vm;
    private final boolean follow;
    private boolean opened;
    private boolean ended;
    private boolean done;
    private long place;
    /** How much there was when it was opened: all of that is read before any other VM. */
    private long there;

    private long skipped;
    private Instant latest;

    /** @param follow whether what comes later is wanted too */
    LogSource(MicroVm vm, boolean follow) {
        this.vm = vm;
        this.follow = follow;
        this.ended = vm.released();
    }

    MicroVm vm() {
        return vm;
    }

    long place() {
        return place;
    }

    boolean opened() {
        return opened;
    }

    /** Reads from {@code from} on. */
    void open(long from, long there) {
        this.place = from;
        this.there = there;
        this.opened = true;
    }

    /** Nothing will be printed any more; says whether that is news. */
    boolean end() {
        var news = !ended;
        ended = true;
        return news;
    }

    boolean ended() {
        return ended;
    }

    /** All was read that is wanted. */
    boolean done() {
        return done;
    }

    void take(Log.Chunk chunk) {
        place = chunk.next();
        skipped += chunk.skipped();
        var allOfThen = !follow && place >= there;
        done = allOfThen || (!chunk.more() && (ended || !follow));
    }

    /** Whether to read on here before any other VM. */
    boolean goesOn(Log.Chunk chunk) {
        return !done && chunk.more() && place < there;
    }

    /** Whether a line is one that was asked for: whoever does not follow wants what there was, however fast more comes. */
    boolean wants(LogLine line) {
        return follow || line.end() <= there;
    }

    /** How many bytes were missed since it was asked last. */
    long missed() {
        var missed = skipped;
        skipped = 0;
        return missed;
    }

    /** A line that does not tell its time is as old as the one before. */
    LogLine timed(LogLine line) {
        if (line.at() == null) {
            return new LogLine(latest, line.stream(), line.bytes(), line.partial(), line.end());
        }
        latest = line.at();
        return line;
    }
}
