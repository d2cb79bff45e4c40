package dev.vmplane.hypervisor.simulator;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The part of a configuration disk that a simulated guest acts on, see {@link dev.vmplane.host.RunDirectory#configDisk}.
 *
 * @param address the guest's own, without prefix length; null when it was given none
 */
record GuestSettings(String hostname, Map<String, String> env, String address) {
    static final int MAX_DISK_BYTES = 1024 * 1024 + 1024;
    private static final byte[] MAGIC = "VMPLANE1".getBytes(StandardCharsets.US_ASCII);
    private static final int HEADER_BYTES = MAGIC.length + Integer.BYTES;
    private static final int USUAL_PORT = 8080;
    private static final int MAX_PORT = 65_535;
    private static final int MAX_PAYLOAD_BYTES = 1024 * 1024;

    /**
     * Reads a disk: magic, length of the payload in little endian, payload of NUL-terminated {@code key=value}.
     *
     * @throws IllegalArgumentException saying what is damaged
     */
    static GuestSettings of(byte[] disk) {
        var payload = payload(disk);
        var hostname = "localhost";
        String address = null;
        var hasProgram = false;
        var env = new LinkedHashMap<String, String>();
        while (payload.hasRemaining()) {
            var entry = nextEntry(payload);
            var value = entry.substring(entry.indexOf('=') + 1);
            switch (entry.substring(0, entry.indexOf('='))) {
                case "hostname" -> hostname = value;
                case "ip" -> address = value.replaceFirst("/.*", "");
                case "arg" -> hasProgram = true;
                case "env" -> env.put(nameOf(value), value.substring(value.indexOf('=') + 1));
                default -> {
                    // A simulated guest has no use for the other keys.
                }
            }
        }
        if (!hasProgram) {
            throw new IllegalArgumentException("no program to run");
        }
        return new GuestSettings(hostname, env, address);
    }

    /** Where its program listens: what its environment calls {@code PORT}, if that is one. */
    int port() {
        var port = env.getOrDefault("PORT", "");
        var number = port.matches("\\d{1,5}") ? Integer.parseInt(port) : 0;
        return number >= 1 && number <= MAX_PORT ? number : USUAL_PORT;
    }

    private static ByteBuffer payload(byte[] disk) {
        var buffer = ByteBuffer.wrap(disk).order(ByteOrder.LITTLE_ENDIAN);
        if (disk.length < HEADER_BYTES || !buffer.slice(0, MAGIC.length).equals(ByteBuffer.wrap(MAGIC))) {
            throw new IllegalArgumentException("not a configuration disk");
        }
        var length = buffer.getInt(MAGIC.length);
        if (length < 0 || length > MAX_PAYLOAD_BYTES || length > disk.length - HEADER_BYTES) {
            throw new IllegalArgumentException("payload of " + Integer.toUnsignedString(length) + " bytes");
        }
        return buffer.slice(HEADER_BYTES, length);
    }

    private static String nextEntry(ByteBuffer payload) {
        var start = payload.position();
        while (payload.hasRemaining()) {
            if (payload.get() == 0) {
                var text = new String(
                        payload.array(),
                        payload.arrayOffset() + start,
                        payload.position() - start - 1,
                        StandardCharsets.UTF_8);
                nameOf(text);
                return text;
            }
        }
        throw new IllegalArgumentException("an entry without an end");
    }

    private static String nameOf(String assignment) {
        var equals = assignment.indexOf('=');
        if (equals < 1) {
            throw new IllegalArgumentException("an entry without a name");
        }
        return assignment.substring(0, equals);
    }
}
