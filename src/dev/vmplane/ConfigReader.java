package dev.vmplane;

import dev.vmplane.hypervisor.firecracker.JailerChoice;
import dev.vmplane.image.ImageSettings;
import dev.vmplane.model.Allow;
import dev.vmplane.model.AllowDocument;
import dev.vmplane.model.Backend;
import dev.vmplane.model.Backoff;
import dev.vmplane.model.BootDocument;
import dev.vmplane.model.Brake;
import dev.vmplane.model.Fields;
import dev.vmplane.model.RefusedException;
import dev.vmplane.model.SpecReader;
import dev.vmplane.model.Wish;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/** Makes a {@link Config} of text: the one list of keys, with what holds when they are left out and what they can be. */
final class ConfigReader {
    private static final Fields.Form LISTEN_HOST =
            new Fields.Form("[A-Za-z0-9.:%_-]{1,253}", "a host name or an IP address to listen on");
    private static final Fields.Form PATH = new Fields.Form("[^\\x00]{1,4096}", "the path of a file or directory");
    private static final Fields.Form NODE =
            new Fields.Form("[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?", "a name such as host-1.example.org");
    private static final Fields.Form NETWORK = new Fields.Form(
            "(OCTET\\.){3}OCTET/([89]|[12][0-9]|30)".replace("OCTET", "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"),
            "an IPv4 network such as 10.88.0.0/16, with a prefix length from 8 to 30");

    /** What the kernel takes for the name of an interface, and needs no quotes anywhere. */
    private static final Fields.Form BRIDGE =
            new Fields.Form("[a-z][a-z0-9]{0,14}", "1 to 15 of the characters a-z and 0-9, a letter first");

    private static final Fields.Form CGROUP = new Fields.Form(
            "(/[A-Za-z0-9_@:\\\\-][A-Za-z0-9_@:.\\\\-]*)+",
            "the path of a cgroup below the mount, such as /vmplane.slice");

    private static final Pattern REGISTRY =
            Pattern.compile("[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?|\\[[0-9a-f:]+\\](:[0-9]{1,5})?");

    private static final Duration MIN_WAIT = Duration.ofMillis(100);
    private static final Duration MAX_WAIT = Duration.ofHours(1);
    private static final Duration DAY = Duration.ofDays(1);
    private static final Duration WEEK = Duration.ofDays(7);
    private static final int MAX_PORT = 65535;
    private static final int MAX_MEMORY_MIB = 1 << 26;
    private static final int MAX_IMAGE_MIB = 1 << 26;
    private static final long MEBI = 1024 * 1024;

    private ConfigReader() {}

    /**
     * Reads {@code text} as if it stood in {@code file}.
     *
     * @throws ConfigException with everything that is wrong
     */
    static Config read(String file, String text, Map<String, String> environment, String host) {
        try {
            return read(new ConfigSource(file, YamlDocument.parse(text), environment), host);
        } catch (RefusedException malformed) {
            throw new ConfigException(List.of(file + ": " + malformed.getMessage()));
        }
    }

    static Config read(ConfigSource source, String host) {
        var top = source.top();
        var stateDir = path(top, "state_dir", Path.of(".vmplane"));
        var defaults = new SpecReader.Defaults(
                top.text("kernel", BootDocument.IMAGE_NAME, "vmlinux"),
                top.text("rootfs", BootDocument.IMAGE_NAME, "rootfs-web.ext4"));
        var network = network(top.object("network"));
        var config = new Config(
                listener(top.object("api"), 8088),
                listener(top.object("ingress"), 8080),
                stateDir,
                path(top, "image_dir", stateDir.resolve("images")),
                path(top, "desired_vms", Path.of("conf", "desired-vms.yaml")),
                top.choice("backend", Backend.class, null),
                defaults,
                top.text("node", NODE, host.toLowerCase(Locale.ROOT)),
                boots(top.object("boots")),
                capacity(top.object("capacity")),
                cgroups(top.object("cgroups")),
                jailer(top.object("jailer")),
                limits(top.object("limits")),
                backoff(top.object("backoff")),
                brake(top.object("brake")),
                retention(top.object("retention")),
                top.text("address_range", NETWORK, null),
                network,
                images(top.object("images")),
                log(top.object("log")),
                roles(top, defaults, network.grants(), source));
        top.end();
        source.end();
        return config;
    }

    private static Path path(Fields top, String name, Path fallback) {
        return Path.of(top.text(name, PATH, fallback.toString()));
    }

    private static Config.Listener listener(Fields fields, int port) {
        var listener = new Config.Listener(
                fields.text("host", LISTEN_HOST, "127.0.0.1"), fields.integer("port", port, 0, MAX_PORT));
        fields.end();
        return listener;
    }

    private static Config.Boots boots(Fields fields) {
        var boots = new Config.Boots(fields.integer("parallel", 0, 1, 1024));
        fields.end();
        return boots;
    }

    private static Config.Capacity capacity(Fields fields) {
        var capacity = new Config.Capacity(
                fields.integer("processors", 0, 1, 65_536),
                fields.integer("vcpus_per_processor", 4, 1, 64),
                fields.integer("memory_mb", 0, 64, MAX_MEMORY_MIB),
                fields.integer("memory_headroom_mb", 512, 0, MAX_MEMORY_MIB));
        fields.end();
        return capacity;
    }

    private static Config.Cgroups cgroups(Fields fields) {
        var cgroups = new Config.Cgroups(
                fields.choice("mode", Config.Cgroups.Mode.class, Config.Cgroups.Mode.AUTO),
                fields.text("parent", CGROUP, null));
        fields.end();
        return cgroups;
    }

    private static Config.Jailer jailer(Fields fields) {
        var jailer = new Config.Jailer(
                fields.choice("use", JailerChoice.Use.class, JailerChoice.Use.AUTO),
                fields.integer("uid_base", 200_000, 1000, 2_000_000_000));
        fields.end();
        return jailer;
    }

    private static Config.Limits limits(Fields fields) {
        var limits = new Config.Limits(
                fields.millis("boot_ms", Duration.ofMinutes(1), MIN_WAIT, MAX_WAIT),
                fields.millis("drain_ms", Duration.ofSeconds(30), Duration.ZERO, MAX_WAIT),
                fields.millis("stop_ms", Duration.ofSeconds(10), MIN_WAIT, MAX_WAIT));
        fields.end();
        return limits;
    }

    private static Backoff backoff(Fields fields) {
        var backoff = new Backoff(
                fields.millis("first_ms", Duration.ofSeconds(10), MIN_WAIT, MAX_WAIT),
                fields.millis("max_ms", Duration.ofMinutes(5), MIN_WAIT, MAX_WAIT),
                fields.millis("reset_after_ms", Duration.ofMinutes(10), MIN_WAIT, WEEK));
        if (backoff.first().compareTo(backoff.max()) > 0) {
            fields.refuseField("out_of_range", "first_ms", "cannot be more than max_ms");
        }
        fields.end();
        return backoff;
    }

    private static Brake brake(Fields fields) {
        var brake = new Brake(fields.integer("share_percent", 50, 1, 100), fields.integer("at_least", 5, 1, 1_000_000));
        fields.end();
        return brake;
    }

    private static Config.Retention retention(Fields fields) {
        var retention = new Config.Retention(
                fields.millis("ended_ms", Duration.ofMinutes(10), Duration.ZERO, WEEK),
                fields.integer("events", 100_000, 1000, 100_000_000));
        fields.end();
        return retention;
    }

    private static Config.Network network(Fields fields) {
        var network = new Config.Network(
                fields.choice("mode", Config.Network.Mode.class, Config.Network.Mode.AUTO),
                fields.text("bridge", BRIDGE, "vmplane0"),
                AllowDocument.read(fields, "grants"));
        if (network.grants().stream().anyMatch(Allow.FromTenant.class::isInstance)) {
            fields.refuseField("bad_value", "grants", "cannot hold a tenant: that is for the VM's own spec to allow");
        }
        fields.end();
        return network;
    }

    private static ImageSettings images(Fields fields) {
        var authFile = fields.text("auth_file", PATH, null);
        var settings = new ImageSettings(
                fields.integer("parallel", 2, 1, 64),
                fields.millis("pull_ms", Duration.ofMinutes(30), MIN_WAIT, DAY),
                fields.integer("max_mb", 8192, 1, MAX_IMAGE_MIB) * MEBI,
                fields.integer("max_unpacked_mb", 16_384, 1, MAX_IMAGE_MIB) * MEBI,
                fields.integer("max_files", 1_000_000, 1, 100_000_000),
                fields.integer("budget_mb", 20_480, 1, MAX_IMAGE_MIB) * MEBI,
                authFile == null ? null : Path.of(authFile),
                registries(fields, "registries_allowed"),
                registries(fields, "registries_plain_http"),
                fields.integer("uid_base", 1_900_000_000, 1000, 2_147_000_000));
        fields.end();
        return settings;
    }

    private static Config.Log log(Fields fields) {
        var log = new Config.Log(fields.choice("format", Config.Log.Format.class, Config.Log.Format.TEXT));
        fields.end();
        return log;
    }

    private static List<String> registries(Fields fields, String name) {
        var registries = fields.texts(name);
        for (var registry : registries) {
            if (!REGISTRY.matcher(registry).matches()) {
                fields.refuseField(
                        "bad_value", name, "cannot hold '" + registry + "': a host such as registry.lan:5000");
            }
        }
        return registries;
    }

    private static Map<String, Map<String, Object>> roles(
            Fields top, SpecReader.Defaults defaults, List<Allow> grants, ConfigSource source) {
        var fields = top.object("roles");
        var roles = new LinkedHashMap<String, Map<String, Object>>();
        for (var name : top.map("roles").keySet()) {
            if (Wish.ID.pattern().matcher(name).matches()) {
                roles.put(name, fields.map(name));
            } else {
                fields.refuseField("bad_value", name, "cannot be the name of a role: " + Wish.ID.wants());
            }
        }
        var reader = new SpecReader(defaults, roles).granting(grants);
        for (var name : roles.keySet()) {
            try {
                reader.check(name, fields.path(name));
            } catch (RefusedException refused) {
                source.refuse(refused.refusal());
            }
        }
        return Collections.unmodifiableMap(roles);
    }
}
