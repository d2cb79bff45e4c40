package dev.vmplane.hypervisor.firecracker;

import dev.vmplane.host.Link;
import dev.vmplane.hypervisor.AgentSocket;
import dev.vmplane.hypervisor.Machine;
import dev.vmplane.hypervisor.Rate;
import dev.vmplane.model.Resources;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;

/**
 * Everything this driver ever says to Firecracker: one record for each request, which knows its place and its fields.
 * The server refuses unknown fields, so a misspelt one shows at the first boot.
 */
sealed interface Order {
    HttpMethod method();

    String path();

    /** The body, or null for a question. */
    JsonObject fields();

    /** Who are you, and what does your guest do? */
    record Describe() implements Order {
        @Override
        public HttpMethod method() {
            return HttpMethod.GET;
        }

        @Override
        public String path() {
            return "/";
        }

        @Override
        public JsonObject fields() {
            return null;
        }
    }

    /** A part of the machine, set before it starts and replaced by the same order later. */
    sealed interface Part extends Order {
        @Override
        default HttpMethod method() {
            return HttpMethod.PUT;
        }
    }

    record MachineConfig(Resources resources) implements Part {
        @Override
        public String path() {
            return "/machine-config";
        }

        @Override
        public JsonObject fields() {
            return new JsonObject().put("vcpu_count", resources.vcpu()).put("mem_size_mib", resources.memoryMib());
        }
    }

    record BootSource(Path kernel, Path initramfs, String arguments) implements Part {
        @Override
        public String path() {
            return "/boot-source";
        }

        @Override
        public JsonObject fields() {
            return new JsonObject()
                    .put("kernel_image_path", kernel.toString())
                    .put("initrd_path", initramfs.toString())
                    .put("boot_args", arguments);
        }
    }

    /**
     * A disk. None is the root device: the kernel mounts nothing by itself, because the guest
     * program in the initramfs does. Disks that are not the root get their names in the order of these calls.
     *
     * <p>On a disk that can be written, {@code Writeback} takes what the guest flushes all the way to the host's disk, so
     * that it survives the host when a program was told it would. Left out it is {@code Unsafe}: flushes are ignored.
     */
    record Disk(Machine.Disk disk, Rate rate) implements Part {
        @Override
        public String path() {
            return "/drives/" + disk.id();
        }

        @Override
        public JsonObject fields() {
            return new JsonObject()
                    .put("drive_id", disk.id())
                    .put("path_on_host", disk.file().toString())
                    .put("is_root_device", false)
                    .put("is_read_only", !disk.writable())
                    .put("cache_type", disk.writable() ? "Writeback" : "Unsafe")
                    .put("rate_limiter", rate.limiter());
        }
    }

    /** The rate holds for each direction. */
    record NetworkCard(Link.Tap tap, Rate rate) implements Part {
        private static final String ID = "eth0";

        @Override
        public String path() {
            return "/network-interfaces/" + ID;
        }

        @Override
        public JsonObject fields() {
            return new JsonObject()
                    .put("iface_id", ID)
                    .put("host_dev_name", tap.name())
                    .put("guest_mac", tap.mac())
                    .put("rx_rate_limiter", rate.limiter())
                    .put("tx_rate_limiter", rate.limiter());
        }
    }

    /** A source of randomness for a guest that has just booted and has seen nothing random yet. */
    record Entropy() implements Part {
        @Override
        public String path() {
            return "/entropy";
        }

        @Override
        public JsonObject fields() {
            return new JsonObject();
        }
    }

    /**
     * The way to the agent. The socket is bound by this very order, and nothing may be at its path: only another order of
     * this kind to the same process takes its place.
     */
    record Vsock(Path socket) implements Part {
        @Override
        public String path() {
            return "/vsock";
        }

        @Override
        public JsonObject fields() {
            return new JsonObject().put("guest_cid", AgentSocket.GUEST_CID).put("uds_path", socket.toString());
        }
    }

    /**
     * The device through which memory is taken back later; empty at first. A guest that runs out of memory takes from it
     * before it ends a program. Statistics can only be asked for at {@code GET /balloon/statistics} if they were wanted
     * before the start, and cost the guest a wake-up a minute.
     */
    record Balloon() implements Part {
        private static final String PATH = "/balloon";
        private static final int STATISTICS_INTERVAL_SECONDS = 60;

        @Override
        public String path() {
            return PATH;
        }

        @Override
        public JsonObject fields() {
            return new JsonObject()
                    .put("amount_mib", 0)
                    .put("deflate_on_oom", true)
                    .put("stats_polling_interval_s", STATISTICS_INTERVAL_SECONDS);
        }
    }

    /** How much memory the balloon of a started machine shall hold. Repeating one changes nothing. */
    record Inflate(int mebibytes) implements Order {
        @Override
        public HttpMethod method() {
            return HttpMethod.PATCH;
        }

        @Override
        public String path() {
            return Balloon.PATH;
        }

        @Override
        public JsonObject fields() {
            return new JsonObject().put("amount_mib", mebibytes);
        }
    }

    /** Something the machine must do now. */
    enum Action implements Order {
        START("InstanceStart"),
        /** Presses Ctrl-Alt-Del. x86 only: Firecracker has no power button. */
        ASK_TO_END("SendCtrlAltDel");

        private final String type;

        Action(String type) {
            this.type = type;
        }

        @Override
        public HttpMethod method() {
            return HttpMethod.PUT;
        }

        @Override
        public String path() {
            return "/actions";
        }

        @Override
        public JsonObject fields() {
            return new JsonObject().put("action_type", type);
        }
    }

    /** What the CPUs of a started machine do. Repeating one changes nothing. */
    enum Cpus implements Order {
        PAUSED("Paused"),
        RESUMED("Resumed");

        private final String state;

        Cpus(String state) {
            this.state = state;
        }

        @Override
        public HttpMethod method() {
            return HttpMethod.PATCH;
        }

        @Override
        public String path() {
            return "/vm";
        }

        @Override
        public JsonObject fields() {
            return new JsonObject().put("state", state);
        }
    }
}
