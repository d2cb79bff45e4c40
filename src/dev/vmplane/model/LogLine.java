package dev.vmplane.model;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Instant;

/**
 * One line of what a guest prints. Its guest program writes them so that nothing which the tenant's program prints can be
 * taken for anything else:
 *
 * <pre>
 * 1754300000123 o text     its standard output; e: its standard error; k: a message of the kernel
 * 1754300000123 O text     the same, and the line goes on in the next of this stream; likewise E
 * vmplane-guest: text      the guest program's own
 * </pre>
 *
 * Whatever else is there was printed before the guest program was, or past it, and counts as the kernel's.
 *
 * @param at by the guest's clock, which nobody checks; of a line that does not tell, that of the one before. Null when
 *     none has told yet
 * @param bytes the text, without the end of the line; any bytes, some KiB at most
 * @param partial whether the line goes on in the next one of the same stream
 * @param end where in the console the next one begins
 */
@SuppressWarnings("ArrayRecordComponent") // nobody writes to it once it is in here
public record LogLine(Instant at, Stream stream, byte[] bytes, boolean partial, long end) {

    /** Who printed it. */
    public enum Stream {
        STDOUT,
        STDERR,
        KERNEL,
        /** The guest program. */
        GUEST
    }

    /** For people: what is not UTF-8 is replaced. */
    public String text() {
        return new String(bytes, UTF_8);
    }
}
