package dev.vmplane.image;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Reads the members of a tar archive one after the other: ustar, with what GNU and POSIX (pax) put on top of it. It is
 * stricter than the programs that unpack, so that an archive it lets pass has one meaning only, and it never holds more
 * than one header of at most {@link #MAX_EXTENSION} bytes, whatever the archive says.
 */
final class TarReader {
    static final int BLOCK = 512;

    /** Of what is written in front of a header to say more: a long name, attributes. */
    private static final int MAX_EXTENSION = 1024 * 1024;

    private static final int MAX_RECORDS = 4096;

    private final InputStream in;
    private final byte[] header = new byte[BLOCK];

    /** What is left of the last member: its bytes and the padding behind them. */
    private long unread;

    private long padding;

    /** {@code in} is the unpacked archive. */
    TarReader(InputStream in) {
        this.in = in;
    }

    /** The next member, or null behind the last one. What was not read of the one before is skipped. */
    TarEntry next() throws IOException {
        var said = new LinkedHashMap<String, String>();
        while (true) {
            skip(unread + padding);
            unread = 0;
            padding = 0;
            if (!readHeader()) {
                return null;
            }
            var size = number(124, 12);
            switch (header[156]) {
                case 'x' -> said.putAll(records(extension(size)));
                case 'g' -> refuseMeaning(records(extension(size)));
                case 'L' -> said.put("path", text(extension(size)));
                case 'K' -> said.put("linkpath", text(extension(size)));
                default -> {
                    return member(said, size);
                }
            }
        }
    }

    /** The bytes of the member that {@link #next} gave last, which must not be more than {@code most}. */
    byte[] content(int most) throws IOException {
        if (unread > most) {
            throw malformed("a file in it has " + unread + " bytes where at most " + most + " make sense");
        }
        var content = in.readNBytes((int) unread);
        if (content.length < unread) {
            throw truncated();
        }
        unread = 0;
        return content;
    }

    private TarEntry member(Map<String, String> said, long written) throws IOException {
        var name = said.getOrDefault("GNU.sparse.name", said.getOrDefault("path", name()));
        var link = said.getOrDefault("linkpath", text(157, 100));
        var type = type(name);
        var stored = said.containsKey("size") ? decimal(said.get("size")) : written;
        var bytes = stored;
        if (header[156] == 'S') {
            bytes = number(483, 12);
            skipSparseMaps();
        } else if (said.keySet().stream().anyMatch(key -> key.startsWith("GNU.sparse."))) {
            bytes = decimal(said.getOrDefault("GNU.sparse.realsize", said.getOrDefault("GNU.sparse.size", "")));
        }
        if (type != TarEntry.Type.FILE && stored != 0) {
            throw malformed("'" + Words.shown(name, 80) + "' is no file and has bytes all the same");
        }
        unread = stored;
        padding = Math.floorMod(-stored, (long) BLOCK);
        var uid = said.containsKey("uid") ? decimal(said.get("uid")) : number(108, 8);
        var gid = said.containsKey("gid") ? decimal(said.get("gid")) : number(116, 8);
        return new TarEntry(type, name, link, stored, bytes, uid, gid);
    }

    private TarEntry.Type type(String name) {
        return switch (header[156]) {
            // Before there were types, a slash at the end was what told a folder.
            case 0 -> name.endsWith("/") ? TarEntry.Type.FOLDER : TarEntry.Type.FILE;
            case '0', 'S' -> TarEntry.Type.FILE;
            case '1' -> TarEntry.Type.HARD_LINK;
            case '2' -> TarEntry.Type.SYMLINK;
            case '3', '4' -> TarEntry.Type.DEVICE;
            case '5' -> TarEntry.Type.FOLDER;
            case '6' -> TarEntry.Type.PIPE;
            default -> throw malformed("'" + Words.shown(name, 80) + "' is of an unknown type");
        };
    }

    /** Where the data of a file with holes lies; four places stand in the header, more in blocks behind it. */
    private void skipSparseMaps() throws IOException {
        var more = header[482] != 0;
        while (more) {
            readFully();
            more = header[504] != 0;
        }
    }

    /** False at the end: two blocks of zeros, or nothing at all. */
    private boolean readHeader() throws IOException {
        var read = in.readNBytes(header, 0, BLOCK);
        if (read == 0) {
            return false;
        }
        if (read < BLOCK) {
            throw truncated();
        }
        if (isZero()) {
            if (in.readNBytes(header, 0, BLOCK) == BLOCK && !isZero()) {
                throw malformed("it goes on behind its end");
            }
            return false;
        }
        var unsigned = 0L;
        var signed = 0L;
        for (int at = 0; at < BLOCK; at++) {
            var value = at >= 148 && at < 156 ? ' ' : header[at];
            unsigned += value & 0xff;
            signed += value;
        }
        var sum = number(148, 8);
        if (sum != unsigned && sum != signed) {
            throw malformed("a header in it has a wrong checksum");
        }
        return true;
    }

    private boolean isZero() {
        for (var value : header) {
            if (value != 0) {
                return false;
            }
        }
        return true;
    }

    /** Some write a long name in two parts, if they are of those that have the field for it. */
    private String name() {
        var name = text(0, 100);
        var posix = Arrays.equals(header, 257, 263, new byte[] {'u', 's', 't', 'a', 'r', 0}, 0, 6);
        if (!posix) {
            return name;
        }
        var star = Arrays.equals(header, 508, 512, new byte[] {'t', 'a', 'r', 0}, 0, 4);
        var prefix = text(345, star ? 131 : 155);
        return prefix.isEmpty() ? name : prefix + "/" + name;
    }

    private byte[] extension(long size) throws IOException {
        if (size > MAX_EXTENSION) {
            throw malformed("a header in it has " + size + " bytes");
        }
        unread = size;
        padding = Math.floorMod(-size, (long) BLOCK);
        return content(MAX_EXTENSION);
    }

    /** Lines of {@code LENGTH KEY=VALUE}, each as long as it says. */
    private static Map<String, String> records(byte[] lines) {
        var records = new LinkedHashMap<String, String>();
        var at = 0;
        while (at < lines.length) {
            var space = at;
            while (space < lines.length && space < at + 8 && lines[space] >= '0' && lines[space] <= '9') {
                space++;
            }
            var length = space == at || space == lines.length || lines[space] != ' '
                    ? 0
                    : Integer.parseInt(new String(lines, at, space - at, UTF_8));
            var end = at + length;
            if (end > lines.length || end < space + 3 || lines[end - 1] != '\n' || records.size() > MAX_RECORDS) {
                throw malformed("a header in it cannot be read");
            }
            var record = new String(lines, space + 1, end - space - 2, UTF_8);
            var equals = record.indexOf('=');
            if (equals <= 0) {
                throw malformed("a header in it cannot be read");
            }
            put(records, record.substring(0, equals), record.substring(equals + 1));
            at = end;
        }
        return records;
    }

    /** Only what has a meaning here is kept: attributes of files are any bytes, and may be many. */
    private static void put(Map<String, String> records, String key, String value) {
        if (!(key.equals("path")
                || key.equals("linkpath")
                || key.equals("size")
                || key.equals("uid")
                || key.equals("gid")
                || key.startsWith("GNU.sparse."))) {
            return;
        }
        if (value.indexOf('\0') >= 0 || value.isEmpty()) {
            throw malformed("a header in it has an empty " + Words.shown(key, 40));
        }
        records.put(key, value);
    }

    /** A header for all that follows: a comment is fine, but a name for everything is not. */
    private static void refuseMeaning(Map<String, String> records) {
        Optional.of(records).filter(said -> !said.isEmpty()).ifPresent(said -> {
            throw malformed("a header in it is for all of its files at once");
        });
    }

    /** Octal digits, or a binary number whose first bit is set. */
    private long number(int from, int length) {
        if ((header[from] & 0x80) != 0) {
            var value = header[from] & 0x7fL;
            for (int at = from + 1; at < from + length; at++) {
                if (value > Long.MAX_VALUE >> 9) {
                    throw malformed("a number in it is too large");
                }
                value = (value << 8) | (header[at] & 0xff);
            }
            if ((header[from] & 0x40) != 0) {
                throw malformed("a number in it is negative");
            }
            return value;
        }
        var text = text(from, length).strip();
        var value = 0L;
        for (int at = 0; at < text.length(); at++) {
            var digit = text.charAt(at) - '0';
            if (digit < 0 || digit > 7) {
                throw malformed("a number in it cannot be read");
            }
            value = value * 8 + digit;
        }
        return value;
    }

    private static long decimal(String text) {
        // Ids and sizes: 18 digits are more than any disk has bytes.
        if (!text.matches("[0-9]{1,18}")) {
            throw malformed("a number in it cannot be read");
        }
        return Long.parseLong(text);
    }

    private String text(int from, int length) {
        var end = from;
        while (end < from + length && header[end] != 0) {
            end++;
        }
        return new String(header, from, end - from, UTF_8);
    }

    private static String text(byte[] extension) {
        var end = 0;
        while (end < extension.length && extension[end] != 0) {
            end++;
        }
        return new String(extension, 0, end, UTF_8);
    }

    private void readFully() throws IOException {
        if (in.readNBytes(header, 0, BLOCK) < BLOCK) {
            throw truncated();
        }
    }

    private void skip(long bytes) throws IOException {
        try {
            in.skipNBytes(bytes);
        } catch (EOFException early) {
            throw truncated();
        }
    }

    private static ImageTrouble truncated() {
        return malformed("it ends in the middle of a file");
    }

    private static ImageTrouble malformed(String what) {
        return ImageTrouble.bad("image_malformed", "a tar archive of it cannot be read: " + what);
    }
}
