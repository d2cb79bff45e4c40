package dev.vmplane.hypervisor.firecracker;

import dev.vmplane.host.Link;
import dev.vmplane.hypervisor.Machine;
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
     */
    record Disk(Machine.Disk disk) implements Part {
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
                    .put("is_read_only", !disk.writable());
        }
    }

    record NetworkCard(Link.Tap tap) implements Part {
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
                    .put("guest_mac", tap.mac());
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
