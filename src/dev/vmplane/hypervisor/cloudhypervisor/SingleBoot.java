package dev.vmplane.hypervisor.cloudhypervisor;

import dev.vmplane.host.RunDirectory;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Sees to it that a guest boots once. When a guest resets its machine, as after a panic, Cloud Hypervisor empties the
 * console file and boots the guest anew in the same process: nobody would learn that it had failed, or why, and a guest
 * that panics at every start would do so for ever. There is no option against it.
 *
 * <p>But it opens the console first, by its path. So we name a path that leads through a link in the run directory, and
 * remove the link when the guest has started. A reset then ends the process with status 1, and the console still holds
 * the guest's last words. Nobody has to watch for that, and it holds while the control plane is away.
 */
record SingleBoot(RunDirectory directory) {
    private static final String LINK = "boot";

    /** The console file by the way that is open until the guest has started. */
    Path console() {
        return link().resolve(directory.console().getFileName());
    }

    /** Lets the guest boot. Blocks for a moment; may be repeated. */
    void permit() throws IOException {
        try {
            Files.createSymbolicLink(link(), Path.of("."));
        } catch (FileAlreadyExistsException permitted) {
            // A former try got this far.
        }
    }

    /** Makes the boot that has been the last. Blocks for a moment; may be repeated. */
    void conclude() throws IOException {
        Files.deleteIfExists(link());
    }

    private Path link() {
        return directory.path().resolve(LINK);
    }
}
