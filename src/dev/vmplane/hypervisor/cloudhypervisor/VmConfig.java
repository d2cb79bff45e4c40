package dev.vmplane.hypervisor.cloudhypervisor;

import dev.vmplane.host.Link;
import dev.vmplane.hypervisor.AgentSocket;
import dev.vmplane.hypervisor.Machine;
import dev.vmplane.hypervisor.Rate;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;

/**
 * A machine in Cloud Hypervisor's words. Unknown fields are ignored there: a misspelt {@code readonly} would be a root
 * disk that the guest can write to. So the names stand here once, and the tests compare all of them.
 *
 * @param console the file that the guest's first serial port is written to
 */
record VmConfig(Machine machine, Path console) {
    private static final long BYTES_PER_MEBIBYTE = 1024 * 1024;

    /**
     * A panic resets the machine after a second, and what that leads to is said at {@link SingleBoot}. The root file
     * system is not named: the guest program in the initramfs mounts it.
     */
    private static final String KERNEL_ARGUMENTS = "console=ttyS0 quiet panic=1";

    static long bytes(int mebibytes) {
        return mebibytes * BYTES_PER_MEBIBYTE;
    }

    JsonObject json() {
        var config = new JsonObject()
                .put("payload", payload())
                .put("cpus", cpus())
                .put(
                        "memory",
                        new JsonObject().put("size", bytes(machine.resources().memoryMib())))
                .put("disks", disks())
                .put("balloon", new JsonObject().put("size", 0).put("deflate_on_oom", true))
                .put(
                        "vsock",
                        new JsonObject()
                                .put("cid", AgentSocket.GUEST_CID)
                                .put("socket", machine.directory().agentSocket().toString()))
                .put("rng", new JsonObject().put("src", "/dev/urandom"))
                .put("serial", new JsonObject().put("mode", "File").put("file", console.toString()))
                .put("console", new JsonObject().put("mode", "Off"));
        if (machine.link() instanceof Link.Tap tap) {
            config.put("net", new JsonArray().add(card(tap)));
        }
        return config;
    }

    private JsonObject payload() {
        return new JsonObject()
                .put("kernel", machine.kernel().toString())
                .put("initramfs", machine.initramfs().toString())
                .put("cmdline", KERNEL_ARGUMENTS);
    }

    /** No guest is a host of guests: without {@code nested} the CPU does not offer to virtualize. */
    private JsonObject cpus() {
        var count = machine.resources().vcpu();
        return new JsonObject().put("boot_vcpus", count).put("max_vcpus", count).put("nested", false);
    }

    /** The order of the disks is the order of their names in the guest: {@code vda}, then {@code vdb}. */
    private JsonArray disks() {
        var rate = Rate.ofMegabytes(machine.resources().diskMbPerSecond());
        var disks = new JsonArray();
        for (var disk : machine.disks()) {
            var fields = new JsonObject()
                    .put("id", disk.id())
                    .put("path", disk.file().toString())
                    .put("readonly", !disk.writable())
                    .put("image_type", "Raw");
            disks.add(limited(fields, rate));
        }
        return disks;
    }

    /** The limit holds for what is sent and for what is received, each with a bucket of its own. */
    private JsonObject card(Link.Tap tap) {
        var fields = new JsonObject().put("tap", tap.name()).put("mac", tap.mac());
        return limited(fields, Rate.ofMegabits(machine.resources().netMbitPerSecond()));
    }

    private static JsonObject limited(JsonObject device, Rate rate) {
        var limiter = rate.limiter();
        return limiter == null ? device : device.put("rate_limiter_config", limiter);
    }
}
