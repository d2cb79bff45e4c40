package dev.vmplane;

import dev.vmplane.model.Fields;
import dev.vmplane.model.Nearest;
import dev.vmplane.model.Refusal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Where configuration comes from: a file, over which the environment wins. Every key that holds a single value can be
 * set by a variable, named by {@link #variable}. Faults are collected, so that all of them can be mended at once.
 */
final class ConfigSource implements Fields.Source {
    private static final String PREFIX = "VMPLANE_";

    /** What is set by hand most often, to try one thing or another, has a name of its own. */
    private static final Map<String, String> OWN_NAMES =
            Map.of("backend", "FC_BACKEND", "kernel", "FC_KERNEL", "rootfs", "FC_ROOTFS");

    /** What the commands that ask a server go by; the shell that starts one may have them set. */
    private static final Set<String> OF_CLIENTS = Set.of("VMPLANE_SERVER", "VMPLANE_INGRESS");

    private final String file;
    private final YamlDocument document;
    private final Map<String, String> environment;
    private final Map<String, String> variables = new TreeMap<>();
    private final List<String> faults = new ArrayList<>();

    ConfigSource(String file, YamlDocument document, Map<String, String> environment) {
        this.file = file;
        this.document = document;
        this.environment = environment;
    }

    Fields top() {
        return new Fields("", document.object(), this);
    }

    /** The keys that were asked for so far and hold a single value. */
    Set<String> keys() {
        return variables.keySet();
    }

    /** The variable that sets the key at {@code path}: {@code api.port} is {@code VMPLANE_API_PORT}. */
    static String variable(String path) {
        return OWN_NAMES.getOrDefault(path, PREFIX + path.replace('.', '_').toUpperCase(Locale.ROOT));
    }

    /** An empty variable counts as one that is not set, as it cannot always be unset where environments are written. */
    @Override
    public Object value(String path, Object written, Class<?> wanted) {
        if (wanted != String.class && wanted != Integer.class) {
            return written;
        }
        variables.put(path, variable(path));
        var set = environment.getOrDefault(variable(path), "");
        if (set.isEmpty()) {
            return written;
        }
        return wanted == Integer.class && set.matches("-?[0-9]{1,9}") ? (Object) Integer.valueOf(set) : set;
    }

    @Override
    public void refuse(Refusal refusal) {
        var variable = variables.get(refusal.field());
        var fromEnvironment =
                variable != null && !environment.getOrDefault(variable, "").isEmpty();
        faults.add(
                (fromEnvironment ? variable : file + ":" + document.line(refusal.field())) + ": " + refusal.message());
    }

    /** Fails with everything that was refused, and with the variables that look like ours and are not. */
    void end() {
        var spellings = new TreeMap<String, String>();
        variables.forEach((path, variable) -> spellings.put(path.replace('.', '_'), variable));
        for (var name : new TreeMap<>(environment).keySet()) {
            if (name.startsWith(PREFIX) && !variables.containsValue(name) && !OF_CLIENTS.contains(name)) {
                var hint = Nearest.to(name.substring(PREFIX.length()).toLowerCase(Locale.ROOT), spellings.keySet())
                        .map(near -> ", did you mean " + spellings.get(near) + "?");
                faults.add(name + " cannot be set: there is no such variable" + hint.orElse(""));
            }
        }
        if (!faults.isEmpty()) {
            throw new ConfigException(faults);
        }
    }
}
