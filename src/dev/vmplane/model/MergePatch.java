package dev.vmplane.model;

import java.util.LinkedHashMap;
import java.util.Map;

/** The change of a JSON document by one that shows what differs (RFC 7386). */
public final class MergePatch {
    private MergePatch() {}

    /** {@code target} with every field that {@code patch} holds: null takes it away, an object changes it field by field. */
    public static Map<String, Object> apply(Map<String, Object> target, Map<String, Object> patch) {
        var patched = new LinkedHashMap<>(target);
        patch.forEach((name, value) -> {
            if (value == null) {
                patched.remove(name);
            } else if (value instanceof Map<?, ?> fields) {
                var former = patched.get(name) instanceof Map<?, ?> object ? named(object) : Map.<String, Object>of();
                patched.put(name, apply(former, named(fields)));
            } else {
                patched.put(name, value);
            }
        });
        return patched;
    }

    @SuppressWarnings("unchecked") // the keys of a JSON object are text
    private static Map<String, Object> named(Map<?, ?> object) {
        return (Map<String, Object>) object;
    }
}
