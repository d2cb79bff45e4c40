package dev.vmplane.image;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import dev.vmplane.model.BootDocument;
import dev.vmplane.model.Kernel;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/**
 * Finds the kernels among the files of the image directory, by their first bytes: what they are called is up to whoever put
 * them there. Blocks.
 */
final class KernelFiles {
    private static final int MAX_FILES = 10_000;

    /** {@code HdrS} of the Linux x86 boot protocol, and where it says at which place the version stands. */
    private static final int MAGIC_AT = 0x202;

    private static final int VERSION_AT = 0x20e;
    private static final int MAX_VERSION = 256;

    /** A kernel that is not packed says it among its texts, somewhere in the first tens of megabytes. */
    private static final Pattern BANNER = Pattern.compile("Linux version ([0-9][^ \\x00-\\x1f]{0,100}) ");

    private static final int CHUNK_BYTES = 4 * 1024 * 1024;
    private static final int MAX_SEARCHED_BYTES = 128 * 1024 * 1024;

    private static final int REMEMBERED = 100;

    private final Path directory;
    /** What kernels that were looked into call themselves, by the file as it was then. */
    private final Map<Kernel, Optional<String>> versions = new ConcurrentHashMap<>();

    KernelFiles(Path directory) {
        this.directory = directory;
    }

    /** In the order of their names. */
    List<Kernel> list() throws IOException {
        var kernels = new ArrayList<Kernel>();
        for (var name : names()) {
            var kernel = kernel(name);
            if (kernel != null) {
                kernels.add(kernel);
            }
        }
        kernels.sort(Comparator.comparing(Kernel::name));
        return kernels;
    }

    private List<String> names() throws IOException {
        try (var entries = Files.list(directory)) {
            return entries.limit(MAX_FILES)
                    .filter(file -> Files.isRegularFile(file, NOFOLLOW_LINKS))
                    .map(file -> file.getFileName().toString())
                    .filter(name ->
                            BootDocument.IMAGE_NAME.pattern().matcher(name).matches())
                    .toList();
        } catch (NoSuchFileException missing) {
            return List.of();
        }
    }

    /** Null when the file is none. */
    private Kernel kernel(String name) throws IOException {
        var path = directory.resolve(name);
        try (var file = new RandomAccessFile(path.toFile(), "r")) {
            var format = format(file);
            if (format == null) {
                return null;
            }
            var kernel = new Kernel(
                    name,
                    format,
                    null,
                    file.length(),
                    Files.isRegularFile(directory.resolve(name + Images.INITRAMFS), NOFOLLOW_LINKS),
                    Files.getLastModifiedTime(path).toInstant());
            return kernel.saying(version(kernel, file));
        } catch (NoSuchFileException | FileNotFoundException goneOrNotToBeRead) {
            return null;
        }
    }

    private String version(Kernel kernel, RandomAccessFile file) throws IOException {
        var known = versions.get(kernel);
        if (known != null) {
            return known.orElse(null);
        }
        if (versions.size() >= REMEMBERED) {
            versions.clear();
        }
        var found = kernel.format() == Kernel.Format.ELF ? bannerOf(file) : versionOf(file);
        versions.put(kernel, Optional.ofNullable(found));
        return found;
    }

    private static Kernel.Format format(RandomAccessFile file) throws IOException {
        if (bytes(file, 0, 4).equals("\u007fELF")) {
            return Kernel.Format.ELF;
        }
        return bytes(file, MAGIC_AT, 4).equals("HdrS") ? Kernel.Format.BZIMAGE : null;
    }

    private static String versionOf(RandomAccessFile file) throws IOException {
        var at = bytes(file, VERSION_AT, 2);
        if (at.length() < 2 || at.equals("\0\0")) {
            return null;
        }
        var text = bytes(file, (at.charAt(0) | (at.charAt(1) << 8)) + 0x200L, MAX_VERSION);
        var end = text.indexOf(' ');
        return end <= 0 ? null : Words.shown(text.substring(0, end), 100);
    }

    private static String bannerOf(RandomAccessFile file) throws IOException {
        for (long from = 0; from < Math.min(file.length(), MAX_SEARCHED_BYTES); from += CHUNK_BYTES) {
            var found = BANNER.matcher(bytes(file, from, CHUNK_BYTES + MAX_VERSION));
            if (found.find()) {
                return found.group(1);
            }
        }
        return null;
    }

    private static String bytes(RandomAccessFile file, long from, int length) throws IOException {
        var bytes = new byte[(int) Math.max(0, Math.min(length, file.length() - from))];
        file.seek(from);
        file.readFully(bytes);
        return new String(bytes, ISO_8859_1);
    }
}
