package dev.vmplane.hypervisor.qemu;

import dev.vmplane.host.Link;
import dev.vmplane.hypervisor.Machine;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The command line that makes QEMU one machine of ours. It holds the whole machine, so that nothing is left to
 * configure, and starts it with its CPUs stopped.
 *
 * <p>What is not obvious in it: with ACPI the guest finds its devices and can power off; the first drive is the guest's
 * {@code vda}, the second its {@code vdb}; a reboot of the guest, which is also how its kernel panics, ends QEMU; and
 * {@code restrict=on} lets the host reach the guest and the guest reach nothing, for what QEMU opens on behalf of a
 * guest comes from this host's own addresses: the API on loopback and every other tenant's VM would be open to it.
 */
record QemuCommand(Path program, Acceleration acceleration) {
    private static final List<String> KERNEL_ARGUMENTS = List.of("console=ttyS0", "quiet", "reboot=t", "panic=-1");

    List<String> of(Machine machine) {
        var command = new ArrayList<String>();
        command.add(program.toString());
        command.addAll(
                List.of("-M", "microvm,acpi=on", "-nodefaults", "-no-user-config", "-nographic", "-no-reboot", "-S"));
        command.addAll(List.of("-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"));
        control(machine, command);
        command.addAll(acceleration.arguments());
        command.addAll(List.of("-m", Integer.toString(machine.resources().memoryMib())));
        command.addAll(List.of("-smp", Integer.toString(machine.resources().vcpu())));
        kernel(machine, command);
        machine.disks().forEach(disk -> drive(disk, command));
        network(machine.link(), command);
        return List.copyOf(command);
    }

    private static void control(Machine machine, List<String> command) {
        var socket = option(machine.directory().apiSocket());
        var console = option(machine.directory().console());
        command.addAll(List.of("-chardev", "socket,id=control,server=on,wait=off,path=" + socket));
        command.addAll(List.of("-mon", "chardev=control,mode=control"));
        command.addAll(List.of("-chardev", "file,id=console,append=on,path=" + console, "-serial", "chardev:console"));
    }

    private void kernel(Machine machine, List<String> command) {
        var arguments = new ArrayList<>(KERNEL_ARGUMENTS);
        arguments.addAll(acceleration.kernelArguments());
        command.addAll(List.of("-kernel", machine.kernel().toString()));
        command.addAll(List.of("-initrd", machine.initramfs().toString()));
        command.addAll(List.of("-append", String.join(" ", arguments)));
    }

    private static void drive(Machine.Disk disk, List<String> command) {
        var access = disk.writable() ? "readonly=off" : "readonly=on";
        command.addAll(List.of(
                "-drive", "id=" + disk.id() + ",format=raw,if=none," + access + ",file=" + option(disk.file())));
        command.addAll(List.of("-device", "virtio-blk-device,drive=" + disk.id()));
    }

    private static void network(Link link, List<String> command) {
        if (link instanceof Link.Tap tap) {
            command.addAll(
                    List.of("-netdev", "tap,id=net,ifname=" + tap.name() + ",script=no,downscript=no,vhost=off"));
            command.addAll(List.of("-device", "virtio-net-device,netdev=net,mac=" + tap.mac()));
            return;
        }
        if (!(link instanceof Link.Forwarded forwarded)) {
            throw new IllegalArgumentException("qemu cannot be connected by " + link);
        }
        var forward = "hostfwd=tcp:" + forwarded.address() + ":" + forwarded.port() + "-:" + forwarded.port();
        command.addAll(List.of("-netdev", "user,id=net,restrict=on," + forward));
        command.addAll(List.of("-device", "virtio-net-device,netdev=net"));
    }

    /** A comma ends an option's value unless it is doubled. */
    private static String option(Path path) {
        return path.toString().replace(",", ",,");
    }
}
