package dev.vmplane.hypervisor.cloudhypervisor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.host.GuestNetwork;
import dev.vmplane.host.Link;
import dev.vmplane.host.RunDirectory;
import dev.vmplane.hypervisor.Machine;
import dev.vmplane.model.Resources;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Every name, because Cloud Hypervisor ignores those it does not know. */
class VmConfigTest {
    private static final Link TAP =
            new Link.Tap("tap7", "02:00:00:00:00:07", new GuestNetwork("10.1.0.7/24", "10.1.0.1", List.of()));

    @Test
    void aMachineIsDescribedWhole() {
        var config = config(new Resources(2, 256, 1024, 10, 100), TAP);

        assertThat(config).isEqualTo(new JsonObject("""
                                {"payload": {"kernel": "/images/vmlinux", "initramfs": "/images/vmlinux.initramfs",
                                             "cmdline": "console=ttyS0 quiet panic=1"},
                                 "cpus": {"boot_vcpus": 2, "max_vcpus": 2, "nested": false},
                                 "memory": {"size": 268435456},
                                 "disks": [
                                   {"id": "rootfs", "path": "/images/rootfs.ext4", "readonly": true, "image_type": "Raw",
                                    "rate_limiter_config": {"bandwidth": {"size": 10000000, "refill_time": 1000}}},
                                   {"id": "scratch", "path": "/run/vm-7/scratch.img", "readonly": false,
                                    "image_type": "Raw",
                                    "rate_limiter_config": {"bandwidth": {"size": 10000000, "refill_time": 1000}}}],
                                 "net": [{"tap": "tap7", "mac": "02:00:00:00:00:07",
                                          "rate_limiter_config": {"bandwidth": {"size": 12500000, "refill_time": 1000}}}],
                                 "balloon": {"size": 0, "deflate_on_oom": true},
                                 "vsock": {"cid": 3, "socket": "/run/vm-7/agent.sock"},
                                 "rng": {"src": "/dev/urandom"},
                                 "serial": {"mode": "File", "file": "/run/vm-7/boot/console.log"},
                                 "console": {"mode": "Off"}}"""));
    }

    @Test
    void aMachineWithoutLimitsHasNoBuckets() {
        var config = config(Resources.of(1, 128), TAP);

        assertThat(config.encode()).doesNotContain("rate_limiter_config");
    }

    @Test
    void theLargestMemoryThereIsDoesNotOverflow() {
        var config = config(Resources.of(1, Integer.MAX_VALUE), TAP);

        assertThat(config.getJsonObject("memory").getLong("size")).isEqualTo(2251799812636672L);
    }

    private static JsonObject config(Resources resources, Link link) {
        var directory = RunDirectory.of(Path.of("/run"), "vm-7");
        var machine = new Machine(
                "vm-7",
                directory,
                Path.of("/images/vmlinux"),
                Path.of("/images/vmlinux.initramfs"),
                List.of(
                        new Machine.Disk("rootfs", Path.of("/images/rootfs.ext4"), false),
                        new Machine.Disk("scratch", directory.path().resolve("scratch.img"), true)),
                resources,
                link,
                List.of());
        return new JsonObject(new VmConfig(machine, new SingleBoot(directory).console())
                .json()
                .encode());
    }
}
