package dev.vmplane.hypervisor.simulator;

import java.util.Set;

/** The fields of each request body that the simulator looks at, after the structures of Cloud Hypervisor 54. */
final class CloudHypervisorFields {
    private static final LenientShape BUCKET = new LenientShape()
            .required("size", Number.class)
            .required("refill_time", Number.class)
            .optional("one_time_burst", Number.class);
    private static final LenientShape LIMITER =
            new LenientShape().optional("bandwidth", BUCKET).optional("ops", BUCKET);
    private static final LenientShape PAYLOAD = new LenientShape()
            .optional("kernel", String.class)
            .optional("initramfs", String.class)
            .optional("cmdline", String.class);
    private static final LenientShape CPUS = new LenientShape()
            .required("boot_vcpus", Number.class)
            .required("max_vcpus", Number.class)
            .optional("nested", Boolean.class);
    private static final LenientShape MEMORY = new LenientShape().required("size", Number.class);
    private static final LenientShape DISK = new LenientShape()
            .optional("id", String.class)
            .optional("path", String.class)
            .optional("readonly", Boolean.class)
            .optional("image_type", Set.of("Raw", "Qcow2", "FixedVhd", "Vhdx", "Unknown"))
            .optional("rate_limiter_config", LIMITER);
    private static final LenientShape CARD = new LenientShape()
            .optional("tap", String.class)
            .optional("mac", String.class)
            .optional("rate_limiter_config", LIMITER);
    private static final LenientShape BALLOON =
            new LenientShape().required("size", Number.class).optional("deflate_on_oom", Boolean.class);
    private static final LenientShape CONSOLE = new LenientShape()
            .required("mode", Set.of("Off", "Null", "Tty", "Pty", "File", "Socket"))
            .optional("file", String.class);

    private static final LenientShape VSOCK =
            new LenientShape().required("cid", Number.class).required("socket", String.class);

    static final LenientShape VM_CONFIG = new LenientShape()
            .optional("payload", PAYLOAD)
            .optional("cpus", CPUS)
            .optional("memory", MEMORY)
            .optionalList("disks", DISK)
            .optionalList("net", CARD)
            .optional("balloon", BALLOON)
            .optional("vsock", VSOCK)
            .optional("rng", new LenientShape().required("src", String.class))
            .optional("serial", CONSOLE)
            .optional("console", CONSOLE);
    static final LenientShape RESIZE = new LenientShape()
            .optional("desired_vcpus", Number.class)
            .optional("desired_ram", Number.class)
            .optional("desired_balloon", Number.class);

    private CloudHypervisorFields() {}
}
