package dev.vmplane.model;

import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Turns a request such as {@code {job_id: web-1, spec: {role: web}}} into a complete {@link Wish}, or refuses it naming
 * the field at fault. What the spec leaves out is taken from its role, and what that leaves out from the server.
 */
public final class SpecReader {
    /** The two names of a kind of health check: a spec that gives one takes neither from its role. */
    private static final Set<String> HEALTH_KINDS = Set.of("http", "tcp");

    /** What a VM can boot from: a spec that gives one takes neither from its role. */
    private static final Set<String> ROOTS = Set.of("image", "rootfs");

    private static final String NOBODY = "sha256:" + "0".repeat(64);
    private static final ImageConfig STRANGER =
            new ImageConfig(List.of(), List.of("/program"), Map.of(), null, null, null, List.of());

    private final Map<String, Object> server;
    private final Map<String, Map<String, Object>> roles;
    private final Set<Allow> grants;

    /**
     * A reader for one server, whose operator grants nothing of its host.
     *
     * @param roles templates by name: specs of which any part may be missing
     */
    public SpecReader(Defaults defaults, Map<String, Map<String, Object>> roles) {
        this(Map.of("kernel", defaults.kernel(), "rootfs", defaults.rootfs()), roles, Set.of());
    }

    private SpecReader(Map<String, Object> server, Map<String, Map<String, Object>> roles, Set<Allow> grants) {
        this.server = server;
        this.roles = roles;
        this.grants = grants;
    }

    /** One that lets specs ask for what {@code granted} says of the host, its ports and its metadata. */
    public SpecReader granting(Collection<Allow> granted) {
        return new SpecReader(server, roles, Set.copyOf(granted));
    }

    /** One for specs that {@code role}, or null, was applied to before: to these it adds nothing, and need not be there any more. */
    public SpecReader asWritten(String role) {
        var others = new LinkedHashMap<>(roles);
        if (role != null) {
            others.put(role, Map.of());
        }
        return new SpecReader(server, others, grants);
    }

    /** What boots when nobody says: file names in the image directory. */
    public record Defaults(String kernel, String rootfs) {}

    /**
     * The reference of the image that a request asks for, by itself or by its role; nothing when it boots from a file.
     * Somebody must look it up before the request can be read.
     */
    public Optional<String> image(Map<String, Object> request) {
        if (!(request.get("spec") instanceof Map<?, ?> written)) {
            return Optional.empty();
        }
        var template = written.get("role") instanceof String role ? roles.getOrDefault(role, Map.of()) : Map.of();
        var image = filled(named(template), named(written)).get("image");
        return image instanceof String text ? Optional.of(text) : Optional.empty();
    }

    /**
     * What can be said of a request before its image has been looked up.
     *
     * @param image its reference as it is written; nothing when the request boots from a file
     */
    public record Trial(String jobId, Optional<String> image) {}

    /** Refuses a request for what is wrong in it whatever is in its image, so that nobody is asked about that in vain. */
    public Trial trial(Map<String, Object> request) {
        return trial(Fields.strict("", request));
    }

    /** Like {@link #trial(Map)}, for a request that is a part of a larger document. */
    public Trial trial(Fields request) {
        var spec = new LinkedHashMap<String, Object>();
        spec.put("spec", request.raw("spec"));
        var image = image(spec);
        var wish = read(request, image.map(text -> stranger(request, text)).orElse(null));
        return new Trial(wish.jobId(), image);
    }

    /** An image that says no more than what to run. */
    private static PinnedImage stranger(Fields request, String text) {
        try {
            return new PinnedImage(ImageReference.parse(text).pinnedTo(NOBODY), STRANGER);
        } catch (RefusedException malformed) {
            var place = FieldPath.of(request.path("spec"), "image");
            throw new Refusal(
                            malformed.refusal().kind(),
                            malformed.refusal().code(),
                            place,
                            malformed.refusal().message())
                    .asException();
        }
    }

    /** Reads a request that boots from a file. */
    public Wish read(Map<String, Object> request) {
        return read(request, null);
    }

    /**
     * Reads a request whose image has been looked up.
     *
     * @param image what the request's {@link #image} means, or null when it asks for none
     */
    public Wish read(Map<String, Object> request, PinnedImage image) {
        return read(Fields.strict("", request), image);
    }

    /** Reads a request that is a part of a larger document. */
    public Wish read(Fields request, PinnedImage image) {
        var jobId = request.text("job_id", Wish.ID);
        var tenant = request.text("tenant", Wish.ID, jobId);
        request.require("spec", "what to run, cmd or a role at least");
        var written = request.map("spec");
        var place = request.path("spec");
        request.end();
        var spec = complete(place, written, image);
        var poolOf = spec.boot().tenant();
        if (poolOf != null && !poolOf.equals(tenant)) {
            Fields.strict(place, written)
                    .object("warm_pool")
                    .refuseField(
                            "other_tenant",
                            "tenant",
                            "cannot be '" + poolOf + "': the job is of tenant '" + tenant
                                    + "', and so are its warm VMs");
        }
        return new Wish(jobId, tenant, spec);
    }

    /** Refuses the role {@code name}, written at {@code place}, if no spec could ever be filled from it. */
    public void check(String name, String place) {
        var role = roles.get(name);
        if (role.containsKey("role")) {
            Fields.strict(place, role)
                    .refuseField("unknown_field", "role", "cannot be set: roles do not build on roles");
        }
        var trial = new LinkedHashMap<>(role);
        trial.remove("image");
        trial.putIfAbsent("cmd", List.of("/program"));
        granted(Fields.strict(place, ImageMerge.command(filled(server, trial))));
    }

    private Spec complete(String place, Map<String, Object> written, PinnedImage image) {
        var fields = Fields.strict(place, written);
        var role = fields.text("role", Wish.ID, null);
        if (role != null && !roles.containsKey(role)) {
            var known = roles.isEmpty() ? "there are no roles here" : "there are " + String.join(", ", roles.keySet());
            fields.refuseField("unknown_role", "role", "cannot be '" + role + "': " + known);
        }
        if (fields.has("image") && fields.has("rootfs")) {
            fields.refuseField("bad_value", "rootfs", "cannot be given beside image: a VM boots from one of them");
        }
        var template = role == null ? Map.<String, Object>of() : roles.get(role);
        var whole = filled(server, filled(template, written));
        return granted(Fields.strict(place, image == null ? ImageMerge.command(whole) : merged(fields, whole, image)));
    }

    private static Map<String, Object> merged(Fields fields, Map<String, Object> whole, PinnedImage image) {
        var merged = ImageMerge.of(whole, image);
        if (merged.get("cmd") instanceof List<?> cmd && cmd.isEmpty()) {
            fields.refuseField(
                    "no_entrypoint",
                    "cmd",
                    "cannot be left out: image " + image.reference() + " has neither an entry point nor a command");
        }
        return merged;
    }

    private Spec granted(Fields fields) {
        var spec = SpecDocument.read(fields);
        for (var allow : spec.allow()) {
            if (!(allow instanceof Allow.FromTenant || grants.contains(allow))) {
                fields.refuseField(
                        "not_granted",
                        "allow",
                        "cannot hold '" + allow.text() + "': the operator of this host has not granted it");
            }
        }
        return spec;
    }

    /** {@code written} with what it leaves out taken from {@code template}: objects field by field, lists whole. */
    private static Map<String, Object> filled(Map<String, Object> template, Map<String, Object> written) {
        var filled = new LinkedHashMap<>(template);
        if (!Collections.disjoint(written.keySet(), ROOTS)) {
            filled.keySet().removeAll(ROOTS);
        }
        written.forEach((name, value) -> filled.put(name, filled(name, template.get(name), value)));
        return filled;
    }

    private static Object filled(String name, Object template, Object written) {
        if (!(template instanceof Map<?, ?> lower && written instanceof Map<?, ?> upper)) {
            return written;
        }
        var under = new LinkedHashMap<>(named(lower));
        var over = named(upper);
        if (name.equals("health") && !Collections.disjoint(over.keySet(), HEALTH_KINDS)) {
            under.keySet().removeAll(HEALTH_KINDS);
        }
        return filled(under, over);
    }

    @SuppressWarnings("unchecked") // the keys of a JSON or YAML object are text
    private static Map<String, Object> named(Map<?, ?> map) {
        return (Map<String, Object>) map;
    }
}
