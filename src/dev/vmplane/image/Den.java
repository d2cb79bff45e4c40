package dev.vmplane.image;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.util.concurrent.TimeUnit.MILLISECONDS;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Where what strangers packed is unpacked: programs run in it as the root of a user namespace, whose users are ones of this
 * host that own nothing. So files get any owner that an image wants, and nothing that is in an image, nor a flaw in who
 * unpacks it, can make a device or touch a file of this host.
 *
 * <p>As root it also is a mount namespace in which nothing of this host can be seen under the folder that is worked in but
 * the image itself, to be read. Otherwise the users are those that {@code /etc/subuid} gives to the server's. Blocks.
 */
final class Den implements AutoCloseable {
    private static final int USERS = LayerScan.MAX_OWNER + 1;
    private static final int OPEN_TRIES = 2000;
    private static final Duration MAP_LIMIT = Duration.ofSeconds(10);
    private static final Duration CLEAR_LIMIT = Duration.ofMinutes(5);

    /** A folder that every host has, and that programs in the den see the work under instead. */
    private static final String SEEN_AS = "/tmp";

    /** Mounts last as long as the namespace, which ends with the program. */
    private static final String IN_PLACE = "set -e; mount --bind \"$1\" \"$2/image\";"
            + " mount --bind \"$3\" \"$2/image/blobs\"; mount -o remount,bind,ro \"$2/image\";"
            + " mount -o remount,bind,ro \"$2/image/blobs\"; mount --rbind \"$2\" " + SEEN_AS
            + "; cd " + SEEN_AS + "; shift 3; exec \"$@\"";

    private final Tool tool;
    private final Path layout;
    private final Path blobs;
    private final boolean root;
    private final long maxFileBytes;
    private Process holder;

    private Den(Tool tool, Path layout, Path blobs, boolean root, long maxFileBytes) {
        this.tool = tool;
        this.layout = layout;
        this.blobs = blobs;
        this.root = root;
        this.maxFileBytes = maxFileBytes;
    }

    /**
     * Opens one in the folder where {@code tool} works.
     *
     * @param layout of the image; its blobs are to be seen in it
     * @param maxFileBytes what a file may have that is written in it
     */
    static Den open(Tool tool, Path layout, Path blobs, ImageSettings settings, long maxFileBytes) throws IOException {
        var uid = (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        var den = new Den(tool, layout, blobs, uid == 0, maxFileBytes);
        try {
            den.prepare(settings.uidBase());
            den.hold();
            den.map(uid, settings.uidBase());
            return den;
        } catch (IOException | RuntimeException failure) {
            den.close();
            throw failure;
        }
    }

    private Path folder() {
        return tool.work().resolve("den");
    }

    private void prepare(int uidBase) throws IOException {
        Files.createDirectories(folder());
        Files.setPosixFilePermissions(folder(), PosixFilePermissions.fromString("rwx------"));
        if (root) {
            Files.createDirectories(layout.resolve("blobs"));
            Files.createDirectories(folder().resolve("image"));
            Files.setAttribute(folder(), "unix:uid", uidBase, NOFOLLOW_LINKS);
            Files.setAttribute(folder(), "unix:gid", uidBase, NOFOLLOW_LINKS);
        } else {
            Files.createSymbolicLink(layout.resolve("blobs"), blobs);
            Files.createSymbolicLink(folder().resolve("image"), layout);
        }
    }

    /** A namespace lives as long as a process in it; this one ends with its input, and so with us. */
    private void hold() throws IOException {
        var unshare = tool.program("unshare", "util-linux");
        holder = new ProcessBuilder(unshare, "--user", "cat")
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        var own = Files.readSymbolicLink(Path.of("/proc/self/ns/user"));
        for (int tried = 0; tried < OPEN_TRIES; tried++) {
            if (entered(own)) {
                return;
            }
            try {
                if (holder.waitFor(1, MILLISECONDS)) {
                    break;
                }
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
                throw ImageTrouble.unavailable("image_not_wanted", "the control plane stops");
            }
        }
        throw ImageTrouble.unavailable(
                "image_no_namespace",
                "this host lets nobody make user namespaces, in which images are unpacked:"
                        + " see user.max_user_namespaces, and what a container may do if this is one");
    }

    private boolean entered(Path own) {
        try {
            return !Files.readSymbolicLink(Path.of("/proc", holder.pid() + "", "ns", "user"))
                    .equals(own);
        } catch (IOException goneOrNotThereYet) {
            return false;
        }
    }

    private void map(int uid, int uidBase) throws IOException {
        if (root) {
            for (var map : List.of("gid_map", "uid_map")) {
                try {
                    Files.writeString(Path.of("/proc", holder.pid() + "", map), "0 " + uidBase + " " + USERS + "\n");
                } catch (IOException refused) {
                    throw ImageTrouble.unavailable(
                            "image_no_namespace",
                            "the server may not use the users from " + uidBase + " on, as whom images are unpacked:"
                                    + " see images.uid_base");
                }
            }
            return;
        }
        var gid = (int) Files.getAttribute(Path.of("/proc/self"), "unix:gid");
        mapBy("newuidmap", SubordinateIds.of("/etc/subuid", uid), uid);
        mapBy("newgidmap", SubordinateIds.of("/etc/subgid", uid), gid);
    }

    private void mapBy(String program, SubordinateIds ids, int own) throws IOException {
        var command = List.of(
                tool.program(program, "uidmap"),
                Long.toString(holder.pid()),
                "0",
                Integer.toString(own),
                "1",
                "1",
                Long.toString(ids.first()),
                Long.toString(Math.min(ids.count(), USERS - 1L)));
        if (!tool.run(command, new Stop(MAP_LIMIT)).good()) {
            throw SubordinateIds.missing();
        }
    }

    /** A program that sees the den as its root does; {@code words} name files in it relative to its folder. */
    Tool.Outcome run(List<String> words, Stop stop) throws IOException {
        var command = new ArrayList<String>();
        if (root) {
            command.addAll(List.of(tool.program("unshare", "util-linux"), "--mount", "--propagation", "private"));
            command.addAll(List.of("sh", "-c", IN_PLACE, "sh"));
            command.addAll(List.of(layout.toString(), folder().toString(), blobs.toString()));
        }
        command.addAll(List.of(
                tool.program("nsenter", "util-linux"),
                "--user=/proc/" + holder.pid() + "/ns/user",
                "--setuid=0",
                "--setgid=0",
                tool.program("setpriv", "util-linux"),
                "--pdeathsig=KILL",
                tool.program("prlimit", "util-linux"),
                "--core=0",
                "--fsize=" + maxFileBytes));
        if (!root) {
            command.addAll(List.of("sh", "-c", "cd \"$1\"; shift; exec \"$@\"", "sh", folder().toString()));
        }
        command.addAll(List.of("env", "TMPDIR=."));
        command.addAll(words);
        return tool.run(command, stop);
    }

    /** A file that was made in the den, taken out of it: it is the server's own from now on. */
    Path take(String name) throws IOException {
        var file = folder().resolve(name);
        if (!Files.isRegularFile(file, NOFOLLOW_LINKS)) {
            throw new IOException(name + " was not made");
        }
        if (root) {
            Files.setAttribute(file, "unix:uid", 0, NOFOLLOW_LINKS);
            Files.setAttribute(file, "unix:gid", 0, NOFOLLOW_LINKS);
        }
        return file;
    }

    /** Removes what was unpacked, which nobody may but the users in the den, and root. */
    void clear() throws IOException {
        if (!root) {
            run(List.of("rm", "-rf", "rootfs"), new Stop(CLEAR_LIMIT));
        }
    }

    @Override
    public void close() {
        if (holder != null) {
            holder.destroyForcibly();
        }
    }
}
