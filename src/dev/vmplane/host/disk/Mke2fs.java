package dev.vmplane.host.disk;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.vmplane.host.HostException;
import dev.vmplane.model.ReasonCode;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Formats image files as ext4, through the program of e2fsprogs. Every feature is named, so that the host's own defaults,
 * which may be newer than the guest's kernel, have no say. Everything here blocks.
 *
 * @param path the directories to look for the program in, separated as in {@code PATH}
 */
public record Mke2fs(String path) {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final String SYSTEM_DIRECTORIES = "/usr/sbin:/sbin";
    private static final int BLOCK_BYTES = 4096;
    private static final int MAX_OUTPUT_BYTES = 4 * 1024;

    private static final String FEATURES =
            "none,64bit,dir_index,dir_nlink,ext_attr,extent,extra_isize,filetype,flex_bg,"
                    + "huge_file,large_file,metadata_csum,sparse_super";

    /** Small files are common; inodes cost nothing in a sparse file until they are used, but their number costs time. */
    private static final int BYTES_PER_INODE = 16 * 1024;

    private static final long MAX_INODES = 4L * 1024 * 1024;

    /** The one on {@code path}, or where some distributions hide it from ordinary users. */
    public static Mke2fs onPath(String path) {
        return new Mke2fs(path + File.pathSeparator + SYSTEM_DIRECTORIES);
    }

    /**
     * For a disk that nobody reads after a crash: without a journal, and with everything that is written at all in one
     * stretch at the beginning, see {@link Template}.
     */
    void formatOverlay(Path file, int sizeMib) throws IOException {
        format(file, sizeMib, FEATURES + ",sparse_super2", "num_backup_sb=0,packed_meta_blocks=1");
    }

    /** For a disk that is to survive the crash of its guest and of this host. */
    void formatVolume(Path file, int sizeMib) throws IOException {
        format(file, sizeMib, FEATURES + ",has_journal", "lazy_journal_init=1");
    }

    /** A new file holds zeros where nothing was written, so no table and no journal has to be filled with them. */
    private void format(Path file, int sizeMib, String features, String layout) throws IOException {
        var inodes = Math.min(MAX_INODES, sizeMib * 1024L * 1024L / BYTES_PER_INODE);
        run(
                file,
                List.of(
                        program().toString(),
                        "-q",
                        "-F",
                        "-t",
                        "ext4",
                        "-b",
                        Integer.toString(BLOCK_BYTES),
                        "-I",
                        "256",
                        "-N",
                        Long.toString(inodes),
                        "-m",
                        "0",
                        "-O",
                        features,
                        "-E",
                        "nodiscard,lazy_itable_init=1,root_owner=0:0," + layout,
                        file.toString(),
                        sizeMib + "M"));
    }

    private Path program() {
        return Stream.of(path.split(File.pathSeparator))
                .filter(directory -> !directory.isEmpty())
                .map(directory -> Path.of(directory, "mke2fs"))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() -> failed("there is no mke2fs on this host: install e2fsprogs"));
    }

    private static void run(Path file, List<String> command) throws IOException {
        var builder = new ProcessBuilder(new ArrayList<>(command));
        builder.environment().put("LC_ALL", "C");
        var process = builder.redirectErrorStream(true).start();
        try {
            process.getOutputStream().close();
            // It prints a line or two, which the pipe holds until it has ended.
            if (!process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
                throw failed("mke2fs did not end within " + LIMIT.toSeconds() + " s");
            }
            if (process.exitValue() != 0) {
                throw failed(reason(file, process));
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw failed("the control plane stops");
        } finally {
            process.destroyForcibly();
        }
    }

    /** Its last line, without the path of the file and its own name. */
    private static String reason(Path file, Process process) throws IOException {
        var output = new String(process.getInputStream().readNBytes(MAX_OUTPUT_BYTES), UTF_8);
        var last = output.lines().filter(line -> !line.isBlank()).reduce("no reason given", (line, next) -> next);
        return last.replace(file.toString(), "the disk").replaceFirst("^mke2fs: ", "");
    }

    private static HostException failed(String why) {
        return new HostException(ReasonCode.DISK_FAILED, "a disk cannot be formatted: " + why, null);
    }
}
