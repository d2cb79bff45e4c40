package dev.vmplane.host;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.vmplane.model.Program;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The raw disk from which the guest program learns what to run. It is read by a static program before any file system
 * is mounted, hence a format that needs no parser to speak of:
 *
 * <pre>
 *  0   8  "VMPLANE1"
 *  8   4  length of the payload, unsigned, little endian, at most 1 MiB
 * 12   n  "key=value" in UTF-8, each ended by NUL; then zeros up to a multiple of 512
 * </pre>
 *
 * Keys that may come more than once ({@code arg}, {@code env}, {@code dns}, {@code volume}) keep their order.
 */
public final class ConfigDisk {
    private static final byte[] MAGIC = "VMPLANE1".getBytes(UTF_8);
    private static final int HEADER_BYTES = 12;
    private static final int MAX_PAYLOAD_BYTES = 1 << 20;
    private static final int SECTOR_BYTES = 512;

    private final ByteArrayOutputStream payload = new ByteArrayOutputStream();

    private ConfigDisk() {}

    /**
     * The whole disk.
     *
     * @throws IllegalArgumentException if the configuration has no place in the format; the message names no value,
     *     for values may be secrets
     */
    public static byte[] encode(GuestConfig config) {
        var disk = new ConfigDisk();
        disk.putProgram(config.program());
        disk.put("vm_id", config.vmId());
        disk.put("hostname", config.vmId());
        disk.putIfThere("ip", config.ip());
        disk.putIfThere("gateway", config.gateway());
        config.dns().forEach(server -> disk.put("dns", server));
        disk.put("stop_grace_s", Integer.toString(config.stopGraceSeconds()));
        disk.putIfThere("overlay", config.disks().overlay());
        config.disks().mounts().forEach(mount -> disk.put("volume", mount.device() + ":" + mount.directory()));
        disk.put("end", endOf(config));
        return disk.sectors();
    }

    private static String endOf(GuestConfig config) {
        return switch (config.end()) {
            case POWEROFF -> "poweroff";
            case REBOOT -> "reboot";
        };
    }

    private void putProgram(Program program) {
        program.cmd().forEach(arg -> put("arg", arg));
        program.env().forEach(this::putVariable);
        putIfThere("user", program.user());
        putIfThere("workdir", program.workdir());
        putIfThere("stop_signal", program.stopSignal());
        putIfThere("interactive", program.interactive() ? "1" : null);
    }

    private void putVariable(String name, String value) {
        if (name.isEmpty() || name.indexOf('=') >= 0) {
            throw new IllegalArgumentException("guest configuration cannot hold a variable named '" + name + "'");
        }
        put("env", name + "=" + value);
    }

    private void putIfThere(String key, String value) {
        if (value != null) {
            put(key, value);
        }
    }

    private void put(String key, String value) {
        if (value.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("guest configuration cannot hold '" + key + "': it contains NUL");
        }
        payload.writeBytes((key + "=" + value + "\0").getBytes(UTF_8));
        if (payload.size() > MAX_PAYLOAD_BYTES) {
            throw new IllegalArgumentException("guest configuration cannot exceed " + MAX_PAYLOAD_BYTES + " bytes");
        }
    }

    private byte[] sectors() {
        int used = HEADER_BYTES + payload.size();
        int sectors = (used + SECTOR_BYTES - 1) / SECTOR_BYTES;
        return ByteBuffer.allocate(sectors * SECTOR_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(MAGIC)
                .putInt(payload.size())
                .put(payload.toByteArray())
                .array();
    }
}
