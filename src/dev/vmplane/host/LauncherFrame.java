package dev.vmplane.host;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * What is said to the launcher and by it: a length of four bytes, then fields of text, each ended by a NUL. The
 * launcher's {@code frame.h} explains the form, its {@code requests.c} what can be said.
 */
final class LauncherFrame {
    static final int HEADER_BYTES = Integer.BYTES;
    static final int MAX_BYTES = 64 * 1024;
    private static final int MAX_FIELDS = 512;

    private LauncherFrame() {}

    /** Packs {@code fields}; refuses what the launcher would not understand. */
    static byte[] of(List<String> fields) {
        if (fields.size() > MAX_FIELDS || fields.stream().anyMatch(field -> field.indexOf('\0') >= 0)) {
            throw new IllegalArgumentException("a request cannot be made: too many fields, or a NUL in one");
        }
        var body = fields.isEmpty() ? new byte[0] : (String.join("\0", fields) + '\0').getBytes(UTF_8);
        if (body.length == 0 || body.length > MAX_BYTES) {
            throw new IllegalArgumentException("a request cannot be made: it would have " + body.length + " bytes");
        }
        return ByteBuffer.allocate(HEADER_BYTES + body.length)
                .putInt(body.length)
                .put(body)
                .array();
    }

    /** How many bytes follow a header. */
    static int length(byte[] header) {
        int length = ByteBuffer.wrap(header).getInt();
        if (length <= 0 || length > MAX_BYTES) {
            throw new IllegalArgumentException("an answer cannot be read: it claims " + length + " bytes");
        }
        return length;
    }

    /** The fields in what followed a header. */
    static List<String> fields(byte[] body) {
        if (body.length == 0 || body[body.length - 1] != 0) {
            throw new IllegalArgumentException("an answer cannot be read: its last field does not end");
        }
        var fields = new ArrayList<String>();
        for (int start = 0, at = 0; at < body.length; at++) {
            if (body[at] == 0) {
                fields.add(new String(body, start, at - start, UTF_8));
                start = at + 1;
            }
        }
        return fields;
    }
}
