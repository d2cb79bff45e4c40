package dev.vmplane.hypervisor.firecracker;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import dev.vmplane.host.Removal;
import dev.vmplane.hypervisor.HypervisorException;
import dev.vmplane.hypervisor.Machine;
import dev.vmplane.model.ReasonCode;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * Puts into a jail what its Firecracker will open, before anything runs in there. Blocks, for the time of a copy at
 * worst.
 *
 * <p>Files are hard links wherever possible: they cost nothing, and VMs of one image share its pages in memory. A link is
 * the same file, so owner and mode of one that several VMs use are left alone, and it must be readable by all as it is.
 * What belongs to this VM alone is given to its user.
 *
 * <p>The VM's sockets and log appear in the run directory as links into the jail. Through a link a hostile Firecracker
 * could lead us elsewhere; its default system call filter, on before the guest's first instruction, lets it make no
 * links, nor rename or remove anything.
 */
record JailFiles(Jail jail, int uid) {

    void lay(Machine machine) throws IOException {
        var directory = machine.directory();
        Removal.of(jail.base());
        give(directories(directory.path()));
        share(machine.kernel());
        share(machine.initramfs());
        for (var disk : machine.disks()) {
            if (disk.writable() || disk.file().startsWith(directory.path())) {
                hand(disk);
            } else {
                share(disk.file());
            }
        }
        show(directory.apiSocket());
        show(directory.agentSocket());
        show(directory.vmmLog());
        showRoot(directory.jailRoot());
    }

    /** Makes all directories of {@code path} in the jail. Its user may pass through them and change none. */
    private Path directories(Path path) throws IOException {
        var last = jail.inside(path);
        Files.createDirectories(jail.root());
        for (var at = jail.root(); !at.equals(last); ) {
            at = at.resolve(at.relativize(last).getName(0));
            if (Files.notExists(at, NOFOLLOW_LINKS)) {
                Files.createDirectory(at);
                permit(at, "rwxr-xr-x");
            }
        }
        return last;
    }

    private void share(Path file) throws IOException {
        if (!attributes(file).permissions().contains(PosixFilePermission.OTHERS_READ)) {
            throw refusal(
                    ReasonCode.IMAGE_UNREADABLE,
                    "the user of its jail cannot read '" + file.getFileName() + "'; make it readable for all"
                            + " (chmod o+r), or set jailer.use: never",
                    null);
        }
        directories(file.getParent());
        var inside = jail.inside(file);
        try {
            Files.createLink(inside, file);
        } catch (FileAlreadyExistsException twice) {
            return;
        } catch (FileSystemException impossible) {
            // Images on another file system, or one that takes no more links: ext4 ends at 65,000 for each file.
            Files.copy(file, inside);
            permit(inside, "r--------");
            give(inside);
        }
    }

    /** A copy of a disk would lose what the guest writes, so one that cannot be linked is refused. */
    private void hand(Machine.Disk disk) throws IOException {
        attributes(disk.file());
        directories(disk.file().getParent());
        try {
            Files.createLink(jail.inside(disk.file()), disk.file());
        } catch (FileSystemException elsewhere) {
            throw refusal(
                    ReasonCode.DISK_FAILED,
                    "its disk '" + disk.id() + "' cannot be linked into its jail; keep disks and run directories on"
                            + " one file system, or set jailer.use: never",
                    elsewhere);
        }
        give(disk.file());
    }

    /** Lets what the jailed process will make appear at its own path on the host as well. */
    private void show(Path path) throws IOException {
        Files.deleteIfExists(path);
        Files.createSymbolicLink(path, path.getParent().relativize(jail.inside(path)));
    }

    /** A program of another name, such as one with its version, has its jail elsewhere than where it is looked for. */
    private void showRoot(Path path) throws IOException {
        if (!path.equals(jail.root())) {
            Files.createDirectories(path.getParent());
            Files.createSymbolicLink(path, path.getParent().relativize(jail.root()));
        }
    }

    private PosixFileAttributes attributes(Path file) throws IOException {
        try {
            var attributes = Files.readAttributes(file, PosixFileAttributes.class, NOFOLLOW_LINKS);
            if (attributes.isRegularFile()) {
                return attributes;
            }
            throw refusal(ReasonCode.IMAGE_UNREADABLE, "'" + file.getFileName() + "' is not a regular file", null);
        } catch (NoSuchFileException missing) {
            throw refusal(ReasonCode.IMAGE_UNREADABLE, "'" + file.getFileName() + "' does not exist", missing);
        }
    }

    private void give(Path path) throws IOException {
        Files.setAttribute(path, "unix:uid", uid, NOFOLLOW_LINKS);
        Files.setAttribute(path, "unix:gid", uid, NOFOLLOW_LINKS);
    }

    private static void permit(Path path, String permissions) throws IOException {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
    }

    private HypervisorException refusal(ReasonCode code, String why, Throwable cause) {
        return new HypervisorException(code, "vm " + jail.vmId() + " cannot launch: " + why, cause);
    }
}
