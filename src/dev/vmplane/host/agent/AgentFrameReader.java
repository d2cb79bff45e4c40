package dev.vmplane.host.agent;

import dev.vmplane.host.agent.AgentFrame.Kind;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.List;

/** Cuts what comes in pieces into frames. Keeps less than one of them, whatever comes. */
public final class AgentFrameReader {
    private static final int SESSION_AT = 2;
    private static final int LENGTH_AT = 4;

    private Buffer pending = Buffer.buffer();

    /**
     * The frames that are complete with {@code bytes}.
     *
     * @throws AgentFrameException when what comes next is no frame: nothing after it can be understood either
     */
    public List<AgentFrame> take(Buffer bytes) {
        pending.appendBuffer(bytes);
        var frames = new ArrayList<AgentFrame>();
        var at = 0;
        while (pending.length() - at >= AgentFrame.HEADER_BYTES) {
            var length = length(at);
            if (pending.length() - at - AgentFrame.HEADER_BYTES < length) {
                break;
            }
            var from = at + AgentFrame.HEADER_BYTES;
            frames.add(new AgentFrame(
                    Kind.of(pending.getUnsignedByte(at)),
                    pending.getUnsignedShortLE(at + SESSION_AT),
                    pending.getBuffer(from, from + length)));
            at = from + length;
        }
        if (at > 0) {
            pending = pending.getBuffer(at, pending.length());
        }
        return frames;
    }

    private int length(int at) {
        var code = pending.getUnsignedByte(at);
        var length = pending.getUnsignedIntLE(at + LENGTH_AT);
        if (Kind.of(code) == null || pending.getByte(at + 1) != 0 || length > AgentFrame.MAX_PAYLOAD_BYTES) {
            throw new AgentFrameException("a frame cannot begin with 0x%02x, 0x%02x and a length of %d"
                    .formatted(code, pending.getUnsignedByte(at + 1), length));
        }
        return (int) length;
    }
}
