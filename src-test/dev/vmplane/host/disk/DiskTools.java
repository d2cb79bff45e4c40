package dev.vmplane.host.disk;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What tests of disks ask the programs of e2fsprogs and the host about a file. */
final class DiskTools {
    static final Mke2fs MKE2FS = Mke2fs.onPath(System.getenv("PATH"));

    private DiskTools() {}

    /** Runs a program to its end and returns what it printed; fails when its status is not 0. */
    static String run(String... command) {
        try {
            var process = new ProcessBuilder(command).redirectErrorStream(true).start();
            var output = new String(process.getInputStream().readAllBytes(), UTF_8);
            if (process.waitFor() != 0) {
                throw new AssertionError(List.of(command) + " failed: " + output);
            }
            return output;
        } catch (IOException e) {
            throw new AssertionError(List.of(command) + " cannot run; is e2fsprogs installed?", e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Fails unless the file holds a file system without any fault. */
    static void check(Path image) {
        run("/sbin/e2fsck", "-f", "-n", image.toString());
    }

    static String features(Path image) {
        return run("/sbin/dumpe2fs", "-h", image.toString())
                .lines()
                .filter(line -> line.startsWith("Filesystem features:"))
                .findFirst()
                .orElseThrow();
    }

    static String uuid(Path image) {
        return run("/sbin/dumpe2fs", "-h", image.toString())
                .lines()
                .filter(line -> line.startsWith("Filesystem UUID:"))
                .findFirst()
                .orElseThrow();
    }

    /** What the file takes of the host's disk. */
    static long usedBytes(Path file) {
        return 512 * Long.parseLong(run("stat", "--format=%b", file.toString()).trim());
    }

    /** A mount of so many KiB, for as long as it is open. */
    record TinyDisk(Path path) implements AutoCloseable {
        static TinyDisk at(Path path, int kib) throws IOException {
            Files.createDirectories(path);
            run("mount", "-t", "tmpfs", "-o", "size=" + kib + "k", "none", path.toString());
            return new TinyDisk(path);
        }

        @Override
        public void close() {
            run("umount", path.toString());
        }
    }
}
