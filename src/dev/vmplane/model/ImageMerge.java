package dev.vmplane.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Fills a written spec from what its image says, by the rules of the OCI image specification (conversion.md) and of
 * Docker: {@code cmd} replaces the image's command and keeps its entry point, {@code entrypoint} replaces both, variables are
 * taken over by name, and what the spec says itself wins. Values of a wrong type are left for the reader to refuse.
 */
final class ImageMerge {
    private ImageMerge() {}

    static Map<String, Object> of(Map<String, Object> written, PinnedImage image) {
        var config = image.config();
        var merged = new LinkedHashMap<>(written);
        merged.remove("rootfs");
        merged.put("image", image.reference());
        if (!written.containsKey("entrypoint")) {
            merged.put("entrypoint", config.entrypoint());
            merged.putIfAbsent("cmd", config.cmd());
        }
        merged.put("env", env(config.env(), written.get("env")));
        putUnlessThere(merged, "workdir", config.workdir());
        putUnlessThere(merged, "user", config.user());
        putUnlessThere(merged, "stop_signal", config.stopSignal());
        if (!config.exposedPorts().isEmpty() && !saysPort(merged)) {
            merged.put("port", config.exposedPorts().get(0));
        }
        return command(merged);
    }

    /** The entry point and what follows it become one command. */
    static Map<String, Object> command(Map<String, Object> written) {
        if (!(written.get("entrypoint") instanceof List<?> first)) {
            return written;
        }
        var merged = new LinkedHashMap<>(written);
        merged.remove("entrypoint");
        if (written.getOrDefault("cmd", List.of()) instanceof List<?> rest) {
            var all = new ArrayList<Object>(first);
            all.addAll(rest);
            merged.put("cmd", all);
        }
        return merged;
    }

    private static Object env(Map<String, String> image, Object written) {
        if (!(written == null || written instanceof Map)) {
            return written;
        }
        var env = new LinkedHashMap<Object, Object>(image);
        if (written instanceof Map<?, ?> own) {
            env.putAll(own);
        }
        return env;
    }

    private static void putUnlessThere(Map<String, Object> merged, String name, String value) {
        if (value != null) {
            merged.putIfAbsent(name, value);
        }
    }

    /** By itself, or by what the reader would take it from: the variable PORT, or the health check. */
    private static boolean saysPort(Map<String, Object> merged) {
        var told = merged.get("env") instanceof Map<?, ?> env && env.containsKey("PORT");
        var asked = merged.get("health") instanceof Map<?, ?> health && health.containsKey("port");
        return merged.containsKey("port") || told || asked;
    }
}
