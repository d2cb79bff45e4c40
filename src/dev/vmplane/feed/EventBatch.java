package dev.vmplane.feed;

import dev.vmplane.model.Event;
import io.vertx.core.buffer.Buffer;
import java.util.List;

/** The events of one commit or one page of the log, as bytes that any number of readers share. Never empty. */
final class EventBatch {
    private final List<EventFrame> frames;
    private final Buffer all;

    EventBatch(List<Event> events) {
        frames = events.stream().map(EventFrame::of).toList();
        all = join(frames);
    }

    long last() {
        return frames.get(frames.size() - 1).seq();
    }

    /** What somebody lacks who has everything up to {@code seq}. */
    Buffer after(long seq) {
        if (frames.get(0).seq() > seq) {
            return all;
        }
        return join(frames.stream().filter(frame -> frame.seq() > seq).toList());
    }

    private static Buffer join(List<EventFrame> frames) {
        if (frames.size() == 1) {
            return frames.get(0).bytes();
        }
        var joined = Buffer.buffer();
        frames.forEach(frame -> joined.appendBuffer(frame.bytes()));
        return joined;
    }
}
