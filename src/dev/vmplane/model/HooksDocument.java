package dev.vmplane.model;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/** How hooks are written: {@code {warm: {http: /warm, port: 8080, timeout_ms: 10000}}}. */
final class HooksDocument {
    private static final Duration USUAL_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration MIN_TIMEOUT = Duration.ofMillis(10);
    private static final Duration MAX_TIMEOUT = Duration.ofMinutes(30);

    private HooksDocument() {}

    static Map<String, Object> of(Hooks hooks) {
        var document = new LinkedHashMap<String, Object>();
        put(document, "warm", hooks.warm());
        put(document, "attach", hooks.attach());
        put(document, "drain", hooks.drain());
        return document;
    }

    private static void put(Map<String, Object> document, String name, Hooks.Hook hook) {
        if (hook != null) {
            var written = new LinkedHashMap<String, Object>();
            written.put("http", hook.path());
            written.put("port", hook.port());
            written.put("timeout_ms", Math.toIntExact(hook.timeout().toMillis()));
            document.put(name, written);
        }
    }

    /** @param port where the program listens, for hooks that name no port of their own */
    static Hooks read(Fields fields, int port) {
        if (!fields.has("hooks")) {
            fields.raw("hooks");
            return Hooks.NONE;
        }
        var each = fields.object("hooks");
        var hooks = new Hooks(read(each, "warm", port), read(each, "attach", port), read(each, "drain", port));
        each.end();
        return hooks;
    }

    private static Hooks.Hook read(Fields hooks, String name, int port) {
        if (!hooks.has(name)) {
            hooks.raw(name);
            return null;
        }
        var hook = hooks.object(name);
        var path = hook.text("http", HealthDocument.HTTP_PATH);
        var own = hook.integer("port", port, 1, BootDocument.MAX_PORT);
        var timeout = hook.millis("timeout_ms", USUAL_TIMEOUT, MIN_TIMEOUT, MAX_TIMEOUT);
        hook.end();
        return path == null ? null : new Hooks.Hook(path, own, timeout);
    }
}
