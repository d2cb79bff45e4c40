package dev.vmplane.image;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.zip.GZIPOutputStream;

/** Writes tar archives byte by byte, those that no program would write as well. */
public final class TarBytes {
    private static final int BLOCK = 512;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private int uid;
    private int gid;

    /** What is written from here on belongs to that user and group. */
    TarBytes owner(int uid, int gid) {
        this.uid = uid;
        this.gid = gid;
        return this;
    }

    public TarBytes file(String name, int mode, String content) {
        return file(name, mode, content.getBytes(UTF_8));
    }

    public TarBytes file(String name, int mode, byte[] content) {
        return header(name, mode, '0', "", content.length).data(content);
    }

    public TarBytes file(String name, String content) {
        return file(name, 0644, content);
    }

    TarBytes folder(String name, int mode) {
        return header(name, mode, '5', "", 0);
    }

    public TarBytes folder(String name) {
        return folder(name, 0755);
    }

    public TarBytes symlink(String name, String target) {
        return header(name, 0777, '2', target, 0);
    }

    TarBytes hardLink(String name, String target) {
        return header(name, 0644, '1', target, 0);
    }

    TarBytes device(String name) {
        return header(name, 0666, '3', "", 0);
    }

    /** Says more of the member that is written next: keys and values in turn. */
    TarBytes pax(String... records) {
        return extended('x', records);
    }

    TarBytes extended(char type, String... records) {
        var lines = new ByteArrayOutputStream();
        for (int at = 0; at < records.length; at += 2) {
            var rest = (" " + records[at] + "=" + records[at + 1] + "\n").getBytes(UTF_8);
            var length = rest.length + 1;
            while (Integer.toString(length).length() + rest.length != length) {
                length++;
            }
            lines.writeBytes(Integer.toString(length).getBytes(UTF_8));
            lines.writeBytes(rest);
        }
        return header("pax", 0644, type, "", lines.size()).data(lines.toByteArray());
    }

    /** A header that says {@code size}, whatever comes behind it. */
    TarBytes header(String name, int mode, char type, String link, long size) {
        var header = new byte[BLOCK];
        text(header, 0, 100, name);
        octal(header, 100, 8, mode);
        octal(header, 108, 8, uid);
        octal(header, 116, 8, gid);
        if (size < 1L << 33) {
            octal(header, 124, 12, size);
        } else {
            header[124] = (byte) 0x80;
            for (int at = 0; at < 8; at++) {
                header[135 - at] = (byte) (size >> (8 * at));
            }
        }
        octal(header, 136, 12, 0);
        header[156] = (byte) type;
        text(header, 157, 100, link);
        text(header, 257, 8, "ustar\00000");
        octal(header, 329, 8, 1);
        octal(header, 337, 8, 3);
        return raw(sealed(header));
    }

    /** Writes the checksum into a header. */
    static byte[] sealed(byte[] header) {
        text(header, 148, 8, "        ");
        var sum = 0;
        for (var value : header) {
            sum += value & 0xff;
        }
        octal(header, 148, 7, sum);
        return header;
    }

    TarBytes data(byte[] content) {
        out.writeBytes(content);
        out.writeBytes(new byte[Math.floorMod(-content.length, BLOCK)]);
        return this;
    }

    TarBytes raw(byte[] bytes) {
        out.writeBytes(bytes);
        return this;
    }

    /** The archive without an end. */
    byte[] open() {
        return out.toByteArray();
    }

    public byte[] tar() {
        var whole = new ByteArrayOutputStream();
        whole.writeBytes(out.toByteArray());
        whole.writeBytes(new byte[2 * BLOCK]);
        return whole.toByteArray();
    }

    static byte[] gzip(byte[] bytes) {
        var packed = new ByteArrayOutputStream();
        try (var gzip = new GZIPOutputStream(packed)) {
            gzip.write(bytes);
        } catch (IOException inMemory) {
            throw new UncheckedIOException(inMemory);
        }
        return packed.toByteArray();
    }

    private static void text(byte[] header, int from, int length, String text) {
        var bytes = text.getBytes(UTF_8);
        System.arraycopy(bytes, 0, header, from, Math.min(length, bytes.length));
    }

    private static void octal(byte[] header, int from, int length, long value) {
        text(header, from, length, String.format(Locale.ROOT, "%0" + (length - 1) + "o\0", value));
    }
}
