package dev.vmplane.hypervisor.simulator;

import java.util.Set;

/** The fields of each request body that the simulator takes, after the structures of Firecracker 1.17. */
final class FirecrackerFields {
    /** Of all shapes the one in which Firecracker lets unknown fields pass; nobody should send any. */
    private static final BodyShape TOKEN_BUCKET = new BodyShape()
            .required("size", Number.class)
            .required("refill_time", Number.class)
            .optional("one_time_burst", Number.class);

    private static final BodyShape RATE_LIMITER =
            new BodyShape().optional("bandwidth", TOKEN_BUCKET).optional("ops", TOKEN_BUCKET);
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
            .optional("cache_type", Set.of("Unsafe", "Writeback"))
            .optional("io_engine", Set.of("Sync", "Async"))
            .optional("rate_limiter", RATE_LIMITER);
    static final BodyShape NETWORK_INTERFACE = new BodyShape()
            .required("iface_id", String.class)
            .required("host_dev_name", String.class)
            .optional("guest_mac", String.class)
            .optional("mtu", Number.class)
            .optional("rx_rate_limiter", RATE_LIMITER)
            .optional("tx_rate_limiter", RATE_LIMITER);
    static final BodyShape ENTROPY = new BodyShape().optional("rate_limiter", RATE_LIMITER);
    static final BodyShape VSOCK = new BodyShape()
            .required("guest_cid", Number.class)
            .required("uds_path", String.class)
            .optional("vsock_id", String.class);
    static final BodyShape BALLOON = new BodyShape()
            .required("amount_mib", Number.class)
            .required("deflate_on_oom", Boolean.class)
            .optional("stats_polling_interval_s", Number.class)
            .optional("free_page_hinting", Boolean.class)
            .optional("free_page_reporting", Boolean.class);
    static final BodyShape BALLOON_PATCH = new BodyShape().required("amount_mib", Number.class);
    static final BodyShape ACTION = new BodyShape().required("action_type", String.class);
    static final BodyShape VM = new BodyShape().required("state", String.class);

    private FirecrackerFields() {}
}
