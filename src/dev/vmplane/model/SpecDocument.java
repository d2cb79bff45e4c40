package dev.vmplane.model;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * How a complete spec is written: what the store keeps and the API shows. What it writes, it reads back as an equal
 * record. Roles have been applied before, by {@link SpecReader}: one that changes later leaves a written spec alone.
 */
public final class SpecDocument {
    private static final int MAX_REPLICAS = 100;
    private static final int MAX_WARM = 1000;
    private static final int MAX_ATTEMPTS = 1000;
    private static final int MAX_LABELS = 64;
    /** It reaches the guest in one message, beside who the job is. */
    private static final int MAX_ATTACH_BYTES = 8 * 1024;

    private static final int MAX_SECONDS = 30 * 24 * 3600;

    /** What {@link PinnedImage} is written as. */
    private static final Fields.Form PINNED =
            new Fields.Form("[^\\s@]{1,512}@sha256:[0-9a-f]{64}", "a reference with its digest");

    /** RFC 1123, section 2.1: the last label is not all digits, or the name could be taken for an address. */
    private static final Fields.Form HOST = new Fields.Form(
            "(?i)(?=.{1,253}$)(LABEL\\.)*(?![0-9]+$)LABEL"
                    .replace("LABEL", Wish.ID.pattern().pattern()),
            "a host name such as shop.example.org");

    private static final Pattern LABEL_NAME = Pattern.compile("[A-Za-z0-9]([A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?");
    private static final Pattern LABEL_VALUE = Pattern.compile("\\P{Cntrl}{0,255}");

    private SpecDocument() {}

    public static Map<String, Object> of(Spec spec) {
        var document = new LinkedHashMap<String, Object>();
        if (spec.role() != null) {
            document.put("role", spec.role());
        }
        document.putAll(BootDocument.of(spec.boot()));
        if (spec.image() != null) {
            document.remove("rootfs");
            document.put("image", spec.image());
            // Read once more as a wish, the command is not put behind the image's entry point again.
            document.put("entrypoint", List.of());
        }
        document.put("lifecycle", written(spec.lifecycle()));
        var pool = spec.warmPool();
        document.remove("tenant");
        document.put("warm_pool", of(pool, spec.boot().tenant()));
        var restart = spec.restart();
        document.put(
                "restart",
                new TreeMap<>(Map.of("policy", written(restart.policy()), "max_attempts", restart.maxAttempts())));
        putSeconds(document, "timeout_s", spec.completion().timeout());
        putSeconds(document, "ttl_s", spec.completion().timeToLive());
        document.put("replicas", spec.replicas());
        if (spec.host() != null) {
            document.put("host", spec.host());
        }
        document.put("allow", AllowDocument.of(spec.allow()));
        if (!spec.attachEnv().isEmpty()) {
            document.put("attach_env", new TreeMap<>(spec.attachEnv()));
        }
        document.put("labels", new TreeMap<>(spec.labels()));
        return document;
    }

    private static Map<String, Object> of(WarmPool pool, String tenant) {
        var document =
                new TreeMap<String, Object>(Map.of("min", pool.min(), "max", pool.max(), "mode", written(pool.mode())));
        if (tenant != null) {
            document.put("tenant", tenant);
        }
        return document;
    }

    private static void putSeconds(Map<String, Object> document, String name, Duration length) {
        if (length != null) {
            document.put(name, Math.toIntExact(length.toSeconds()));
        }
    }

    /** Reads what {@link #of(Spec)} wrote. */
    public static Spec read(Map<String, Object> document) {
        return read(Fields.strict("", document));
    }

    /** Reads a spec that nothing has to be filled into but what is the same everywhere. */
    static Spec read(Fields fields) {
        var role = fields.text("role", Wish.ID, null);
        var lifecycle = fields.choice("lifecycle", Lifecycle.class, Lifecycle.SERVICE);
        var image = image(fields);
        var boot = BootDocument.read(
                image == null ? fields : fields.with("rootfs", PinnedImage.digestOf(image)), lifecycle);
        var poolFields = fields.object("warm_pool");
        var tenant = poolFields.text("tenant", Wish.ID, null);
        var warmPool = warmPool(fields, poolFields, lifecycle);
        var restart = restart(fields.object("restart"), lifecycle);
        var completion = completion(fields, lifecycle);
        var replicas = fields.integer("replicas", 1, 0, MAX_REPLICAS);
        refuseSharedVolumes(fields, boot, warmPool, replicas);
        var host = fields.text("host", HOST, null);
        var allow = AllowDocument.read(fields, "allow");
        var attachEnv = attachEnv(fields);
        var labels = labels(fields);
        fields.end();
        var lowerHost = host == null ? null : host.toLowerCase(Locale.ROOT);
        return new Spec(
                role,
                image,
                boot.within(tenant),
                lifecycle,
                warmPool,
                restart,
                completion,
                replicas,
                lowerHost,
                allow,
                attachEnv,
                labels);
    }

    /** The image, pinned; its entry point has become a part of the command before. */
    private static String image(Fields fields) {
        var image = fields.text("image", PINNED, null);
        if (!fields.texts("entrypoint").isEmpty()) {
            fields.refuseField("bad_value", "entrypoint", "cannot hold anything here: it belongs to cmd");
        }
        return image;
    }

    private static Map<String, String> attachEnv(Fields fields) {
        var env = BootDocument.env(fields, "attach_env");
        var bytes = BootDocument.bytes(env);
        if (bytes > MAX_ATTACH_BYTES) {
            fields.refuseField(
                    "too_large",
                    "attach_env",
                    "cannot be that large: it takes " + bytes + " bytes of at most " + MAX_ATTACH_BYTES);
        }
        return env;
    }

    private static Completion completion(Fields fields, Lifecycle lifecycle) {
        var completion = new Completion(seconds(fields, "timeout_s"), seconds(fields, "ttl_s"));
        if (lifecycle != Lifecycle.JOB && !completion.equals(Completion.OPEN)) {
            var field = completion.timeout() == null ? "ttl_s" : "timeout_s";
            fields.refuseField(
                    "only_for_jobs", field, "cannot be had by a " + written(lifecycle) + ", which has no end");
        }
        return completion;
    }

    private static Duration seconds(Fields fields, String name) {
        return fields.has(name) ? Duration.ofSeconds(fields.integer(name, 1, 1, MAX_SECONDS)) : absent(fields, name);
    }

    private static Duration absent(Fields fields, String name) {
        fields.raw(name);
        return null;
    }

    private static WarmPool warmPool(Fields fields, Fields pool, Lifecycle lifecycle) {
        var mode = pool.choice("mode", WarmPool.Mode.class, WarmPool.Mode.RUNNING);
        var min = pool.integer("min", 0, 0, MAX_WARM);
        var max = pool.integer("max", min, 0, MAX_WARM);
        if (min > max) {
            pool.refuseField("out_of_range", "min", "cannot be " + min + ": at most max, which is " + max);
        }
        pool.end();
        if (lifecycle == Lifecycle.JOB && max > 0) {
            fields.refuseField(
                    "warm_pool_on_job",
                    "warm_pool",
                    "cannot be had by a job, which runs once: set min and max to 0 if the role brings them");
        }
        return new WarmPool(min, max, mode);
    }

    /** A warm VM belongs to nobody, and replicas run side by side: neither can have a disk that one VM has at a time. */
    private static void refuseSharedVolumes(Fields fields, Boot boot, WarmPool warmPool, int replicas) {
        if (boot.volumes().isEmpty()) {
            return;
        }
        if (warmPool.max() > 0) {
            fields.refuseField(
                    "warm_pool_with_volumes",
                    "warm_pool",
                    "cannot be had with volumes, which a VM gets before it boots:"
                            + " set min and max to 0 if the role brings them");
        }
        if (replicas > 1) {
            fields.refuseField(
                    "replicas_with_volumes",
                    "replicas",
                    "cannot be " + replicas + " with volumes, which one VM has at a time:"
                            + " make a job with volumes of its own for each");
        }
    }

    private static Restart restart(Fields fields, Lifecycle lifecycle) {
        var usual = switch (lifecycle) {
            case SERVICE, DAEMON -> Restart.Policy.ALWAYS;
            case JOB -> Restart.Policy.ON_FAILURE;
        };
        var policy = fields.choice("policy", Restart.Policy.class, usual);
        var maxAttempts = fields.integer("max_attempts", 0, 0, MAX_ATTEMPTS);
        fields.end();
        return new Restart(policy, maxAttempts);
    }

    private static Map<String, String> labels(Fields fields) {
        var labels = fields.textsByName("labels");
        if (labels.size() > MAX_LABELS) {
            fields.refuseField("out_of_range", "labels", "cannot be " + labels.size() + ": at most " + MAX_LABELS);
        }
        var each = fields.object("labels");
        labels.forEach((name, value) -> {
            if (!LABEL_NAME.matcher(name).matches()) {
                each.refuseField("bad_value", name, "cannot be set: a name is 1 to 63 letters, digits, ., _, / or -");
            }
            if (!LABEL_VALUE.matcher(value).matches()) {
                each.refuseField("bad_value", name, "cannot be that: at most 255 characters, none of them a control");
            }
        });
        return labels;
    }

    private static String written(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
