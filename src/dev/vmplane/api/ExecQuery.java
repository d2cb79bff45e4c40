package dev.vmplane.api;

import dev.vmplane.model.Exec;
import io.vertx.core.MultiMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * What somebody wants to run in a guest.
 *
 * @param cmd empty for the VM's own program
 * @param user null for the program's own, likewise {@code workdir}
 * @param terminal null for plain streams
 * @param replica which of a job's, or null for any
 */
record ExecQuery(
        List<String> cmd,
        Map<String, String> env,
        String user,
        String workdir,
        Exec.Terminal terminal,
        Integer replica) {
    private static final int MAX_SIDE = 10_000;
    private static final int USUAL_ROWS = 24;
    private static final int USUAL_COLUMNS = 80;
    private static final int MAX_REPLICA = 1_000_000;
    private static final Pattern NAME = Pattern.compile("[a-zA-Z_][a-zA-Z0-9_]*");

    /** Reads it from the part of a request behind the question mark. The length of a request bounds it. */
    static ExecQuery of(MultiMap parameters) {
        for (var parameter : parameters) {
            if (parameter.getValue().indexOf('\0') >= 0) {
                throw Query.refused(parameter.getKey(), parameter.getKey() + " cannot have a zero byte");
            }
        }
        var query = new Query(parameters);
        var rows = query.integer("rows", USUAL_ROWS, 1, MAX_SIDE);
        var columns = query.integer("cols", USUAL_COLUMNS, 1, MAX_SIDE);
        return new ExecQuery(
                List.copyOf(parameters.getAll("cmd")),
                env(parameters.getAll("env")),
                filled(parameters, "user"),
                filled(parameters, "workdir"),
                query.flag("tty") ? new Exec.Terminal(rows, columns) : null,
                parameters.contains("replica") ? (Integer) query.integer("replica", 0, 0, MAX_REPLICA) : null);
    }

    private static String filled(MultiMap parameters, String name) {
        var text = parameters.get(name);
        if (text != null && text.isEmpty()) {
            throw Query.refused(name, name + " cannot be empty: leave it out for the program's own");
        }
        return text;
    }

    private static Map<String, String> env(List<String> settings) {
        var env = new LinkedHashMap<String, String>();
        for (var setting : settings) {
            var equals = setting.indexOf('=');
            if (equals < 0 || !NAME.matcher(setting.substring(0, equals)).matches()) {
                throw Query.refused("env", "env must be like NAME=value");
            }
            env.put(setting.substring(0, equals), setting.substring(equals + 1));
        }
        return env;
    }

    Exec.Start start(String sessionId) {
        return new Exec.Start(sessionId, cmd, env, user, workdir, terminal);
    }
}
