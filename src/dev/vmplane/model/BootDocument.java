package dev.vmplane.model;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** How the part of a spec that decides what boots is written. What it writes, it reads back as an equal record. */
public final class BootDocument {
    static final int MAX_PORT = 65535;

    /** A file name that cannot lead out of the image directory. */
    public static final Fields.Form IMAGE_NAME = new Fields.Form(
            Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}"),
            "the name of a file in the image directory, without a slash",
            "bad_image_name");

    /** A file name as above, or the digest of an image. */
    private static final Fields.Form ROOTFS = new Fields.Form(
            Pattern.compile(IMAGE_NAME.pattern().pattern() + "|sha256:[0-9a-f]{64}"),
            IMAGE_NAME.wants(),
            IMAGE_NAME.code());

    /** Images bring names that no shell could set, such as {@code app.mode}. */
    private static final Pattern ENV_NAME = Pattern.compile("[!-<>-~]{1,255}");

    private static final Fields.Form USER = new Fields.Form(
            "[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,63})?",
            "a user such as www, 1000, www:staff or 1000:50");
    private static final Fields.Form WORKDIR =
            new Fields.Form("/[^\\x00-\\x1f\\x7f]{0,1023}", "an absolute path in the guest");
    private static final Fields.Form SIGNAL =
            new Fields.Form("(SIG)?[A-Z][A-Z0-9+-]{1,15}|[1-9]|[1-5][0-9]|6[0-4]", "a signal such as SIGTERM or 15");
    private static final Pattern PORT = Pattern.compile("[1-9][0-9]{0,4}");

    private static final int USUAL_PORT = 8080;
    private static final int MAX_CMD = 256;

    /** Arguments and environment together, as the guest gets them; Linux takes as much for a single argument. */
    private static final int MAX_GUEST_BYTES = 128 * 1024;

    private static final int MAX_VCPU = 32;
    private static final int USUAL_MEM_MB = 256;
    private static final int MIN_MEM_MB = 64;
    private static final int MAX_MEM_MB = 1024 * 1024;
    static final int MIN_DISK_MB = 16;
    static final int MAX_DISK_MB = 16 * 1024 * 1024;
    private static final int MAX_RATE = 1_000_000;

    private BootDocument() {}

    public static Map<String, Object> of(Boot boot) {
        var document = new LinkedHashMap<String, Object>();
        document.put("rootfs", boot.rootfs());
        document.put("kernel", boot.kernel());
        putProgram(document, boot.program());
        document.put("resources", of(boot.resources()));
        document.put("volumes", VolumeDocument.of(boot.volumes()));
        document.put("port", boot.port());
        document.put("health", HealthDocument.of(boot.health()));
        if (!boot.hooks().equals(Hooks.NONE)) {
            document.put("hooks", HooksDocument.of(boot.hooks()));
        }
        putUnlessNull(document, "tenant", boot.tenant());
        return document;
    }

    /** What is not said is left out, so that a spec that never says it has the hash it always had. */
    private static void putProgram(Map<String, Object> document, Program program) {
        document.put("cmd", program.cmd());
        document.put("env", new TreeMap<>(program.env()));
        putUnlessNull(document, "user", program.user());
        putUnlessNull(document, "workdir", program.workdir());
        putUnlessNull(document, "stop_signal", program.stopSignal());
        if (program.interactive()) {
            document.put("interactive", true);
        }
    }

    private static void putUnlessNull(Map<String, Object> document, String name, String value) {
        if (value != null) {
            document.put(name, value);
        }
    }

    private static Map<String, Object> of(Resources resources) {
        return new TreeMap<>(Map.of(
                "vcpu", resources.vcpu(),
                "mem_mb", resources.memoryMib(),
                "disk_mb", resources.diskMib(),
                "disk_mb_per_s", resources.diskMbPerSecond(),
                "net_mbit_per_s", resources.netMbitPerSecond()));
    }

    /** Reads what {@link #of(Boot)} wrote. */
    public static Boot read(Map<String, Object> document) {
        var fields = Fields.strict("", document);
        var boot = read(fields, Lifecycle.SERVICE).within(fields.text("tenant", Wish.ID, null));
        fields.end();
        return boot;
    }

    /** Reads the fields of a boot from among others; which health check is usual depends on the lifecycle. */
    static Boot read(Fields fields, Lifecycle lifecycle) {
        var rootfs = fields.text("rootfs", ROOTFS);
        var kernel = fields.text("kernel", IMAGE_NAME);
        var program = program(fields);
        var resources = resources(fields.object("resources"));
        var volumes = VolumeDocument.read(fields);
        var health = HealthDocument.read(fields, lifecycle);
        var port = fields.integer("port", usualPort(program.env(), health), 1, MAX_PORT);
        var hooks = HooksDocument.read(fields, port);
        return new Boot(rootfs, kernel, program, resources, volumes, port, asked(health, port), hooks, null);
    }

    private static Program program(Fields fields) {
        var cmd = cmd(fields);
        var env = env(fields);
        refuseMoreThanFits(fields, cmd, env);
        return new Program(
                cmd,
                env,
                fields.text("user", USER, null),
                fields.text("workdir", WORKDIR, null),
                fields.text("stop_signal", SIGNAL, null),
                fields.flag("interactive"));
    }

    private static List<String> cmd(Fields fields) {
        fields.require("cmd", "what the guest runs, and its arguments");
        var cmd = fields.texts("cmd");
        if (fields.has("cmd") && (cmd.isEmpty() || cmd.size() > MAX_CMD)) {
            fields.refuseField("out_of_range", "cmd", "cannot have " + cmd.size() + " entries: 1 to " + MAX_CMD);
        } else if (cmd.indexOf("") == 0) {
            fields.refuseField("bad_value", "cmd", "cannot start with an empty text: it names the program to run");
        }
        return cmd;
    }

    private static Map<String, String> env(Fields fields) {
        return env(fields, "env");
    }

    /** The variables under {@code field}. */
    static Map<String, String> env(Fields fields, String field) {
        var env = fields.textsByName(field);
        var each = fields.object(field);
        for (var name : env.keySet()) {
            if (!ENV_NAME.matcher(name).matches()) {
                each.refuseField("bad_value", name, "cannot be set: a name is printable ASCII without = and spaces");
            }
        }
        return env;
    }

    /** A text costs its bytes and the NUL behind it, a variable an equals sign more. */
    private static void refuseMoreThanFits(Fields fields, List<String> cmd, Map<String, String> env) {
        long bytes = 0;
        for (var entry : cmd) {
            bytes += bytes(entry) + 1;
        }
        bytes += bytes(env);
        if (bytes > MAX_GUEST_BYTES) {
            var field = env.isEmpty() ? "cmd" : "env";
            var limit = "cmd and env take " + bytes + " bytes of at most " + MAX_GUEST_BYTES;
            fields.refuseField("too_large", field, "cannot be that large: " + limit);
        }
    }

    static long bytes(Map<String, String> env) {
        return env.entrySet().stream()
                .mapToLong(variable -> bytes(variable.getKey()) + bytes(variable.getValue()) + 2L)
                .sum();
    }

    private static int bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    private static Resources resources(Fields fields) {
        var resources = new Resources(
                fields.integer("vcpu", 1, 1, MAX_VCPU),
                fields.integer("mem_mb", USUAL_MEM_MB, MIN_MEM_MB, MAX_MEM_MB),
                fields.integer("disk_mb", Resources.USUAL_DISK_MIB, MIN_DISK_MB, MAX_DISK_MB),
                fields.integer("disk_mb_per_s", 0, 0, MAX_RATE),
                fields.integer("net_mbit_per_s", 0, 0, MAX_RATE));
        fields.end();
        return resources;
    }

    /** Where a program listens that was told so by {@code PORT}, as most are; else where it is asked for its health. */
    private static int usualPort(Map<String, String> env, Health health) {
        var told = env.getOrDefault("PORT", "");
        if (PORT.matcher(told).matches() && Integer.parseInt(told) <= MAX_PORT) {
            return Integer.parseInt(told);
        }
        return health.port() > 0 ? health.port() : USUAL_PORT;
    }

    private static Health asked(Health health, int port) {
        if (health.kind() == Health.Kind.NONE || health.port() > 0) {
            return health;
        }
        return new Health(health.kind(), health.path(), port, health.interval(), health.timeout(), health.grace());
    }
}
