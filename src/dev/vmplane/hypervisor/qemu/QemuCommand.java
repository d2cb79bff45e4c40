package dev.vmplane.hypervisor.qemu;

import dev.vmplane.host.Link;
import dev.vmplane.hypervisor.HypervisorException;
import dev.vmplane.hypervisor.Machine;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Resources;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The command line that makes QEMU one machine of ours. It holds the whole machine, so that nothing is left to
 * configure, and starts it with its CPUs stopped.
 *
 * <p>What is not obvious in it: with ACPI the guest finds its devices and can power off; the first drive is the guest's
 * {@code vda}, the second its {@code vdb}; a reboot of the guest, which is also how its kernel panics, ends QEMU. There
 * is room for 24 devices, of which four are the network card, the source of randomness, the balloon and the ports of the
 * agent.
 */
record QemuCommand(Path program, Acceleration acceleration) {
    private static final long BYTES_PER_MB = 1_000_000;
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
        machine.disks().forEach(disk -> drive(disk, machine.resources(), command));
        network(machine.link(), command);
        command.addAll(List.of("-device", "virtio-rng-device"));
        command.addAll(List.of("-device", "virtio-balloon-device,deflate-on-oom=on"));
        agent(machine, command);
        return List.copyOf(command);
    }

    private static void control(Machine machine, List<String> command) {
        var socket = option(machine.directory().apiSocket());
        var console = option(machine.directory().console());
        command.addAll(List.of("-chardev", "socket,id=control,server=on,wait=off,path=" + socket));
        command.addAll(List.of("-mon", "chardev=control,mode=control"));
        command.addAll(List.of("-chardev", "file,id=console,append=on,path=" + console, "-serial", "chardev:console"));
    }

    /** The guest's agent finds its port by this name. QEMU lets in one of us at a time, and others wait unheard. */
    private static void agent(Machine machine, List<String> command) {
        var socket = option(machine.directory().agentSocket());
        command.addAll(List.of("-chardev", "socket,id=agent,server=on,wait=off,path=" + socket));
        command.addAll(List.of("-device", "virtio-serial-device"));
        command.addAll(List.of("-device", "virtserialport,chardev=agent,name=vmplane.agent"));
    }

    private void kernel(Machine machine, List<String> command) {
        var arguments = new ArrayList<>(KERNEL_ARGUMENTS);
        arguments.addAll(acceleration.kernelArguments());
        command.addAll(List.of("-kernel", machine.kernel().toString()));
        command.addAll(List.of("-initrd", machine.initramfs().toString()));
        command.addAll(List.of("-append", String.join(" ", arguments)));
    }

    /**
     * What a guest writes goes through the host's page cache, and to the disk when the guest flushes: its {@code fsync}
     * is true, and what it wrote before outlives a QEMU that is killed. Going around the cache would double every read of
     * an image that many guests share, and fails on file systems in memory. Blocks that the guest discards are given back
     * to the host. QEMU locks the file, so that no second machine writes to it.
     */
    private static void drive(Machine.Disk disk, Resources resources, List<String> command) {
        var drive = new StringBuilder("id=").append(disk.id()).append(",format=raw,if=none");
        drive.append(disk.writable() ? ",readonly=off,cache=writeback,discard=unmap" : ",readonly=on");
        if (resources.diskMbPerSecond() > 0) {
            drive.append(",throttling.bps-total=").append(resources.diskMbPerSecond() * BYTES_PER_MB);
        }
        drive.append(",file=").append(option(disk.file()));
        command.addAll(List.of("-drive", drive.toString(), "-device", "virtio-blk-device,drive=" + disk.id()));
    }

    private void network(Link link, List<String> command) {
        if (link instanceof Link.Tap tap) {
            var vhost = acceleration.vhost() ? "on" : "off";
            var netdev = "tap,id=net,ifname=" + tap.name() + ",script=no,downscript=no,vhost=" + vhost;
            command.addAll(List.of("-netdev", netdev, "-device", "virtio-net-device,netdev=net,mac=" + tap.mac()));
        } else if (link instanceof Link.Forwarded forwarded) {
            command.addAll(List.of("-netdev", userNetwork(forwarded), "-device", "virtio-net-device,netdev=net"));
        } else {
            throw new HypervisorException(
                    ReasonCode.NETWORK_FAILED, "qemu cannot start: its guest cannot be on the host's loopback");
        }
    }

    /**
     * {@code restrict=on} lets the host reach the guest and the guest reach nothing, for what QEMU opens on behalf of a
     * guest comes from this host's own addresses: the API on loopback and every other tenant's VM would be open to it.
     */
    private static String userNetwork(Link.Forwarded forwarded) {
        var forward = "hostfwd=tcp:" + forwarded.address() + ":" + forwarded.port() + "-:" + forwarded.port();
        return "user,id=net,restrict=on," + forward;
    }

    /** A comma ends an option's value unless it is doubled. */
    private static String option(Path path) {
        return path.toString().replace(",", ",,");
    }
}
