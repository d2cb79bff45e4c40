package dev.vmplane.hypervisor.simulator;

import io.vertx.core.json.JsonObject;

/** The fields of each request body that the simulator takes, after the structures of Firecracker 1.17. */
final class FirecrackerFields {
    static final BodyShape MACHINE_CONFIG = new BodyShape()
            .required("vcpu_count", Number.class)
            .required("mem_size_mib", Number.class)
            .optional("smt", Boolean.class)
            .optional("track_dirty_pages", Boolean.class)
            .optional("huge_pages", String.class)
            .optional("cpu_template", String.class);
    static final BodyShape MACHINE_CONFIG_PATCH = MACHINE_CONFIG.withAllOptional();
    static final BodyShape BOOT_SOURCE = new BodyShape()
            .required("kernel_image_path", String.class)
            .optional("initrd_path", String.class)
            .optional("boot_args", String.class);
    static final BodyShape DRIVE = new BodyShape()
            .required("drive_id", String.class)
            .required("is_root_device", Boolean.class)
            .required("path_on_host", String.class)
            .required("is_read_only", Boolean.class)
            .optional("partuuid", String.class)
            .optional("cache_type", String.class)
            .optional("io_engine", String.class)
            .optional("rate_limiter", JsonObject.class);
    static final BodyShape NETWORK_INTERFACE = new BodyShape()
            .required("iface_id", String.class)
            .required("host_dev_name", String.class)
            .optional("guest_mac", String.class)
            .optional("mtu", Number.class)
            .optional("rx_rate_limiter", JsonObject.class)
            .optional("tx_rate_limiter", JsonObject.class);
    static final BodyShape ACTION = new BodyShape().required("action_type", String.class);
    static final BodyShape VM = new BodyShape().required("state", String.class);

    private FirecrackerFields() {}
}
