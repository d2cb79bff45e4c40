package dev.vmplane.image;

import dev.vmplane.model.Boot;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import io.vertx.core.Future;
import io.vertx.core.WorkerExecutor;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/**
 * The kernels and root file systems of this host: plain files in one directory, called by their names, and those made of
 * images, called by their digests. A kernel comes with the initramfs that holds its modules and the guest program, in a file
 * of the same name with {@link #INITRAMFS}.
 */
public final class Images {
    /** What the name of a kernel's initramfs ends with. */
    public static final String INITRAMFS = ".initramfs";

    private static final String DIGEST = "sha256:";

    private final Path directory;
    private final WorkerExecutor worker;

    public Images(Path directory, WorkerExecutor worker) {
        this.directory = directory.toAbsolutePath().normalize();
        this.worker = worker;
    }

    /** Where archives with images lie that were sent to this host. */
    public Path incoming() {
        return ImageFiles.incoming(directory);
    }

    /**
     * Where a file of that name lies, or what was made of the image of that digest, if it is there. The name has been checked
     * to be one, see {@code BootDocument}.
     */
    public Path path(String name) {
        return name.startsWith(DIGEST) ? ImageFiles.rootfs(directory, name) : directory.resolve(name);
    }

    /**
     * Fails with a refusal that names the field, unless all that is to be here before somebody may ask for {@code boot} is,
     * and can be read: an image may still be on its way.
     */
    public Future<Void> checkFiles(Boot boot) {
        return worker.executeBlocking(
                () -> {
                    refuseUnlessUsable("spec.kernel", "kernel", boot.kernel());
                    refuseUnlessUsable("spec.kernel", "initramfs", boot.kernel() + INITRAMFS);
                    if (boot.image().isEmpty()) {
                        refuseUnlessUsable("spec.rootfs", "rootfs", boot.rootfs());
                    }
                    return null;
                },
                false);
    }

    /** Like {@link #checkFiles}, and what is made of its image is to be here too: it boots now. */
    public Future<Void> check(Boot boot) {
        return checkFiles(boot)
                .compose(there -> worker.executeBlocking(
                        () -> {
                            boot.image().ifPresent(digest -> refuseUnlessUsable("spec.image", "image", digest));
                            return null;
                        },
                        false));
    }

    private void refuseUnlessUsable(String field, String what, String name) {
        var path = path(name);
        if (!name.startsWith(DIGEST) && !path.getParent().equals(directory)) {
            throw refused(
                    "image_outside", field, what + " '" + name + "' cannot be used: it is not in the image directory");
        }
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            throw refused("image_missing", field, what + " '" + name + "' is not in the image directory");
        }
        // A link could lead out of the directory, and opening a pipe would wait for somebody to write into it.
        if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
            throw refused("image_unusable", field, what + " '" + name + "' cannot be used: it is not a regular file");
        }
        if (!Files.isReadable(path)) {
            throw refused("image_unusable", field, what + " '" + name + "' cannot be read");
        }
    }

    private static RefusedException refused(String code, String field, String message) {
        return Refusal.invalid(code, field, message).asException();
    }
}
