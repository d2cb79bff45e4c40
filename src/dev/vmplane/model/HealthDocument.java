package dev.vmplane.model;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/** How a health check is written: {@code {http: /health, ...}}, {@code {tcp: true, ...}} or the word {@code none}. */
final class HealthDocument {
    private static final String NONE = "none";
    private static final String WANTS = "{http: /path}, {tcp: true} or the word none";

    /** Goes into a request line as it is, so nothing that could end one. */
    static final Fields.Form HTTP_PATH =
            new Fields.Form("/[!-\"$-~]{0,1023}", "an absolute path in printable ASCII, without #");

    private static final Duration USUAL_INTERVAL = Duration.ofSeconds(1);
    private static final Duration USUAL_TIMEOUT = Duration.ofMillis(500);
    private static final Duration USUAL_GRACE = Duration.ofSeconds(15);
    private static final Duration MIN_INTERVAL = Duration.ofMillis(100);
    private static final Duration MAX_INTERVAL = Duration.ofMinutes(10);
    private static final Duration MIN_TIMEOUT = Duration.ofMillis(10);
    private static final Duration MIN_GRACE = Duration.ofMillis(100);
    private static final Duration MAX_GRACE = Duration.ofHours(1);

    private HealthDocument() {}

    static Object of(Health health) {
        return switch (health.kind()) {
            case HTTP -> of(health, "http", health.path());
            case TCP -> of(health, "tcp", true);
            case NONE -> NONE;
        };
    }

    private static Map<String, Object> of(Health health, String kind, Object value) {
        var document = new LinkedHashMap<String, Object>();
        document.put(kind, value);
        document.put("port", health.port());
        document.put("interval_ms", Math.toIntExact(health.interval().toMillis()));
        document.put("timeout_ms", Math.toIntExact(health.timeout().toMillis()));
        document.put("grace_ms", Math.toIntExact(health.grace().toMillis()));
        return document;
    }

    /** The field {@code health} of {@code fields}, with port 0 where no port is written. */
    static Health read(Fields fields, Lifecycle lifecycle) {
        var written = fields.raw("health");
        if (NONE.equals(written)) {
            return Health.NONE;
        }
        if (written instanceof String) {
            fields.refuseField("bad_value", "health", "cannot be that text: " + WANTS);
        }
        return fields.has("health") ? read(fields, fields.object("health")) : usual(lifecycle);
    }

    /** What is asked when nothing is written: whether anything listens, if others are to be sent there. */
    private static Health usual(Lifecycle lifecycle) {
        return switch (lifecycle) {
            case SERVICE -> new Health(Health.Kind.TCP, null, 0, USUAL_INTERVAL, USUAL_TIMEOUT, USUAL_GRACE);
            case DAEMON, JOB -> Health.NONE;
        };
    }

    private static Health read(Fields parent, Fields health) {
        var path = health.text("http", HTTP_PATH, null);
        var tcp = health.flag("tcp");
        var port = health.integer("port", 0, 1, BootDocument.MAX_PORT);
        var interval = health.millis("interval_ms", USUAL_INTERVAL, MIN_INTERVAL, MAX_INTERVAL);
        var usualTimeout = interval.compareTo(USUAL_TIMEOUT) < 0 ? interval : USUAL_TIMEOUT;
        var timeout = health.millis("timeout_ms", usualTimeout, MIN_TIMEOUT, MAX_INTERVAL);
        if (timeout.compareTo(interval) > 0) {
            health.refuseField("out_of_range", "timeout_ms", "cannot exceed interval_ms: checks would overlap");
        }
        var grace = health.millis("grace_ms", USUAL_GRACE, MIN_GRACE, MAX_GRACE);
        health.end();
        if (tcp == (path != null)) {
            var named = tcp ? "both http and tcp" : "neither http nor tcp";
            parent.refuseField("bad_value", "health", "cannot name " + named + ": " + WANTS);
        }
        return new Health(tcp ? Health.Kind.TCP : Health.Kind.HTTP, path, port, interval, timeout, grace);
    }
}
