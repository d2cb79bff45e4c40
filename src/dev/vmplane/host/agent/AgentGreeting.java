package dev.vmplane.host.agent;

import dev.vmplane.host.agent.AgentFrame.Kind;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * The opening of a conversation with an agent. In the pipe of a virtio-serial port there may still lie what the guest said
 * to whoever was there before, so everything is passed over until the welcome comes that holds the 16 bytes of this very
 * greeting: nobody could know them before.
 */
public final class AgentGreeting {
    public static final int NONCE_BYTES = 16;

    /** The guest may have filled the pipe; a guest that goes on and on is not greeting. */
    private static final int MAX_PASSED_OVER = 1024 * 1024;

    private final Buffer mark;
    private Buffer pending = Buffer.buffer();
    private int searched;
    private long passedOver;

    /** @param nonce 16 bytes that were never used before */
    public AgentGreeting(Buffer nonce) {
        this.mark = Buffer.buffer(AgentFrame.GREETING).appendBuffer(nonce);
    }

    /** What the host says first, and says again while nobody answers. */
    public AgentFrame hello(String vmId) {
        return new AgentFrame(Kind.HELLO, 0, mark.copy().appendString(vmId));
    }

    /** What an agent answers to a hello of these 16 bytes. */
    public static AgentFrame welcome(Buffer nonce, AgentEntries about) {
        return new AgentFrame(
                Kind.WELCOME,
                0,
                Buffer.buffer(AgentFrame.GREETING).appendBuffer(nonce).appendBuffer(about.encoded()));
    }

    /** A hello as an agent hears it. */
    public record Hello(Buffer nonce, String vmId) {}

    /** What a frame says as a hello, if it is one. */
    public static Optional<Hello> heard(AgentFrame frame) {
        var payload = frame.payload();
        var from = AgentFrame.GREETING.length();
        var named = from + NONCE_BYTES;
        return frame.kind() == Kind.HELLO
                        && payload.length() >= named
                        && payload.getString(0, from).equals(AgentFrame.GREETING)
                ? Optional.of(new Hello(
                        payload.getBuffer(from, named),
                        payload.getString(named, payload.length(), StandardCharsets.UTF_8.name())))
                : Optional.empty();
    }

    /** Whether a frame that comes later is another answer to this greeting: it was said more than once. */
    public boolean answeredBy(AgentFrame frame) {
        return frame.kind() == Kind.WELCOME
                && frame.session() == 0
                && frame.payload().length() >= mark.length()
                && frame.payload().getBuffer(0, mark.length()).equals(mark);
    }

    /**
     * What comes behind the welcome, once it is there.
     *
     * @throws AgentFrameException when too much else has come
     */
    public Optional<Buffer> take(Buffer bytes) {
        pending.appendBuffer(bytes);
        for (var at = next(searched); at >= 0; at = next(at + 1)) {
            searched = at;
            if (!announced(at)) {
                continue;
            }
            var end = at + (int) pending.getUnsignedIntLE(at - Integer.BYTES);
            return pending.length() < end ? Optional.empty() : Optional.of(pending.getBuffer(end, pending.length()));
        }
        passOver();
        return Optional.empty();
    }

    /** Where the greeting with our bytes begins at or behind {@code from}, or -1. */
    private int next(int from) {
        for (var at = from; at <= pending.length() - mark.length(); at++) {
            if (pending.getByte(at) == mark.getByte(0)
                    && pending.slice(at, at + mark.length()).equals(mark)) {
                return at;
            }
        }
        return -1;
    }

    /** Whether the header of a welcome stands before the greeting at {@code at}. */
    private boolean announced(int at) {
        var from = at - AgentFrame.HEADER_BYTES;
        if (from < 0
                || pending.getUnsignedByte(from) != Kind.WELCOME.code()
                || pending.getByte(from + 1) != 0
                || pending.getUnsignedShortLE(from + 2) != 0) {
            return false;
        }
        var length = pending.getUnsignedIntLE(at - Integer.BYTES);
        return length >= mark.length() && length <= AgentFrame.MAX_PAYLOAD_BYTES;
    }

    /** Keeps no more than what a welcome may have begun in. */
    private void passOver() {
        var kept = Math.min(pending.length(), AgentFrame.HEADER_BYTES + mark.length() - 1);
        passedOver += pending.length() - kept;
        if (passedOver > MAX_PASSED_OVER) {
            throw new AgentFrameException(
                    "an agent cannot be greeted: it says " + passedOver + " bytes of something else");
        }
        pending = pending.getBuffer(pending.length() - kept, pending.length());
        searched = 0;
    }
}
