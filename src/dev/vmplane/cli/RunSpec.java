package dev.vmplane.cli;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/** Writes the job that the words of {@code run} mean. */
final class RunSpec {
    /** A job that nobody is left to remove is forgotten this long after its end. */
    private static final Duration FORGOTTEN_AFTER = Duration.ofMinutes(10);

    private static final int USUAL_VOLUME_MIB = 1024;
    private static final Pattern VOLUME = Pattern.compile("([^:]+):(/[^:]*)(?::([^:]+))?");
    private static final Pattern WARM = Pattern.compile("([0-9]{1,4})(?::([0-9]{1,4}))?");

    private final RunOptions options;
    private final Map<String, Object> spec = new LinkedHashMap<>();

    private RunSpec(RunOptions options) {
        this.options = options;
    }

    /**
     * The spec.
     *
     * @param exposed the ports that the image says its program listens at
     * @param cmd replaces the image's command when it holds anything
     * @param environment of this process, for variables that are only named
     */
    static Map<String, Object> of(
            RunOptions options,
            String image,
            List<Integer> exposed,
            List<String> cmd,
            Map<String, String> environment) {
        return new RunSpec(options).written(image, exposed, cmd, environment);
    }

    /** What it means when nobody says: the image's own program serves where it says it does, another one need not. */
    private static String lifecycle(RunOptions options, List<Integer> exposed, List<String> cmd) {
        if (options.lifecycle != null) {
            try {
                return RunOptions.Lifecycle.valueOf(options.lifecycle.toUpperCase(Locale.ROOT))
                        .toString();
            } catch (IllegalArgumentException unknown) {
                throw new CommandException(
                        "--lifecycle cannot be '" + options.lifecycle + "': one of service, daemon, job");
            }
        }
        var itsOwn = cmd.isEmpty() && options.entrypoint == null && !options.attended();
        var served = options.port != null || (!exposed.isEmpty() && itsOwn);
        return (served ? RunOptions.Lifecycle.SERVICE : RunOptions.Lifecycle.JOB).toString();
    }

    private Map<String, Object> written(
            String image, List<Integer> exposed, List<String> cmd, Map<String, String> environment) {
        var lifecycle = lifecycle(options, exposed, cmd);
        var job = lifecycle.equals(RunOptions.Lifecycle.JOB.toString());
        spec.put("image", image);
        if (options.entrypoint != null) {
            spec.put("entrypoint", options.entrypoint.isEmpty() ? List.of() : List.of(options.entrypoint));
        }
        if (!cmd.isEmpty()) {
            spec.put("cmd", cmd);
        }
        program(environment);
        machine();
        spec.put("lifecycle", lifecycle);
        life(job);
        service();
        return spec;
    }

    private void program(Map<String, String> environment) {
        var env = Variables.of(options.variableFiles, options.variables, environment);
        if (!env.isEmpty()) {
            spec.put("env", env);
        }
        put("user", options.user);
        put("workdir", options.workdir);
        put("kernel", options.kernel);
        if (options.attended()) {
            spec.put("interactive", true);
        }
    }

    private void machine() {
        var resources = new LinkedHashMap<String, Object>();
        if (options.cpus != null) {
            resources.put("vcpu", options.cpus);
        }
        if (options.memory != null) {
            resources.put("mem_mb", ByteSize.mebibytes("--memory", options.memory));
        }
        if (options.disk != null) {
            resources.put("disk_mb", ByteSize.mebibytes("--disk", options.disk));
        }
        if (!resources.isEmpty()) {
            spec.put("resources", resources);
        }
        var volumes = new ArrayList<Object>();
        options.volumes.forEach(volume -> volumes.add(volume(volume)));
        if (!volumes.isEmpty()) {
            spec.put("volumes", volumes);
        }
    }

    private static Map<String, Object> volume(String written) {
        var match = VOLUME.matcher(written);
        if (!match.matches()) {
            throw new CommandException("--volume cannot be '" + written
                    + "': a name and a path in the guest, as in data:/var/lib/data:2g");
        }
        var size = match.group(3);
        return Map.of(
                "name",
                match.group(1),
                "mount",
                match.group(2),
                "size_mb",
                size == null ? USUAL_VOLUME_MIB : ByteSize.mebibytes("the size in --volume", size));
    }

    /** What is run once by hand is not tried again behind one's back: its first end is the answer. */
    private void life(boolean job) {
        if (job) {
            spec.put("restart", Map.of("policy", "never"));
            if (options.remove) {
                spec.put("ttl_s", FORGOTTEN_AFTER.toSeconds());
            }
        }
        if (options.timeout != null) {
            spec.put("timeout_s", Span.of("--timeout", options.timeout).toSeconds());
        }
        put("replicas", options.replicas);
        if (options.warm != null) {
            spec.put("warm_pool", warm(options.warm));
        }
    }

    private static Map<String, Object> warm(String written) {
        var match = WARM.matcher(written);
        if (!match.matches()) {
            throw new CommandException("--warm cannot be '" + written + "': how many wait, as in 1, or 1:3 at most");
        }
        var min = Integer.parseInt(match.group(1));
        return Map.of("min", min, "max", match.group(2) == null ? min : Integer.parseInt(match.group(2)));
    }

    /** A program that starts only with its terminal could never pass a check that must pass first. */
    private void service() {
        if (options.port != null) {
            spec.put("port", options.published().guest());
        }
        put("host", options.host);
        if (options.health != null) {
            spec.put("health", health(options.health));
        } else if (options.attended()) {
            spec.put("health", "none");
        }
        var labels = new LinkedHashMap<String, Object>();
        for (var label : options.labels) {
            var equals = label.indexOf('=');
            labels.put(equals < 0 ? label : label.substring(0, equals), equals < 0 ? "" : label.substring(equals + 1));
        }
        if (!labels.isEmpty()) {
            spec.put("labels", labels);
        }
    }

    private static Object health(String written) {
        if (written.equals("none")) {
            return "none";
        }
        if (written.equals("tcp")) {
            return Map.of("tcp", true);
        }
        if (written.startsWith("http:/")) {
            return Map.of("http", written.substring("http:".length()));
        }
        throw new CommandException("--health cannot be '" + written + "': http:/path, tcp or none");
    }

    private void put(String name, Object value) {
        if (value != null) {
            spec.put(name, value);
        }
    }
}
