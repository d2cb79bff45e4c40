package dev.vmplane.host.agent;

import io.vertx.core.buffer.Buffer;

/**
 * One message between the host and the agent in a guest, over vsock or virtio-serial:
 *
 * <pre>
 * 0  1  {@link Kind#code}
 * 1  1  0
 * 2  2  session, little endian
 * 4  4  length of the payload, little endian, at most 16 KiB
 * 8  n  payload
 * </pre>
 *
 * The host chooses the sessions, 1 to 65535, unique among those that live; 0 belongs to {@link Kind#HELLO} and {@link
 * Kind#WELCOME}. Each is one question with one answer, or one program with its streams. A welcome resets everything: the
 * guest ends all sessions of the connection before.
 */
public record AgentFrame(Kind kind, int session, Buffer payload) {
    public static final int HEADER_BYTES = 8;
    public static final int MAX_PAYLOAD_BYTES = 16 * 1024;
    public static final int MAX_SESSION = 0xffff;

    /** What both sides open with; the number at its end is the version of all that follows. */
    static final String GREETING = "vmplane-agent/1\n";

    private static final Buffer NOTHING = Buffer.buffer();

    /** What a frame says. Integers are little endian; entries are as {@link AgentEntries} has them. */
    public enum Kind {
        /** Host: the greeting, 16 bytes of its choice, and the id of the VM it means. */
        HELLO(0x01),
        /** Host: entries {@code arg env user workdir tty rows cols}; without an {@code arg} the VM's own program. */
        EXEC(0x10),
        /** Host: what is typed; nothing is the end of it. 64 KiB may be under way. */
        STDIN(0x11),
        /** Host: u16 rows, u16 columns. */
        RESIZE(0x12),
        /** Host: hang up; the program gets SIGHUP and two seconds later SIGKILL. */
        CLOSE(0x13),
        /** Host: u32, how many bytes more of output it takes. None before it says so. */
        CREDIT(0x14),
        /** Host: entries {@code port path timeout_ms body}. */
        HOOK(0x20),
        /** Host: entries {@code job_id tenant env}, kept in a file for the guest's program. */
        ATTACH(0x21),
        /** Host: end, as by the power button. */
        STOP(0x22),
        /** Host: u64 nanoseconds of the epoch, and bytes that nobody can guess. */
        CLOCK(0x23),
        /** Host: how is the guest? */
        METRICS(0x24),
        /** Guest: the greeting, the host's 16 bytes, entries {@code uptime_ms pid}. */
        WELCOME(0x81),
        /** Guest: u32, the pid of the program that runs now. */
        STARTED(0x90),
        STDOUT(0x91),
        STDERR(0x92),
        /** Guest: u8 0 for a status or 1 for a signal, u8 which. The last of its session. */
        EXITED(0x93),
        /** Guest: u32, how many bytes of input were consumed. */
        TAKEN(0x94),
        /**
         * Guest: {@code <code> <sentence>}, why something cannot be done. The last of its session; in session 0 of all: the
         * agent was started anew, or is another VM's.
         */
        FAILED(0x9f),
        /** Guest: it is done; entries {@code status} for a hook. The last of its session. */
        DONE(0xa0),
        /** Guest: entries that answer {@link #METRICS}. The last of its session. */
        MEASURED(0xa4);

        private final int code;

        Kind(int code) {
            this.code = code;
        }

        public int code() {
            return code;
        }

        /** Null when no frame has that code. */
        static Kind of(int code) {
            for (var kind : values()) {
                if (kind.code == code) {
                    return kind;
                }
            }
            return null;
        }
    }

    /** One that says nothing but what it is. */
    public AgentFrame(Kind kind, int session) {
        this(kind, session, NOTHING);
    }

    public Buffer encoded() {
        if (payload.length() > MAX_PAYLOAD_BYTES) {
            throw new AgentFrameException("a " + kind + " frame cannot hold " + payload.length() + " bytes");
        }
        return Buffer.buffer(HEADER_BYTES + payload.length())
                .appendByte((byte) kind.code)
                .appendByte((byte) 0)
                .appendUnsignedShortLE(session)
                .appendIntLE(payload.length())
                .appendBuffer(payload);
    }
}
