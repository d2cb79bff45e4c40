package dev.vmplane.cli;

import dev.vmplane.model.Exec;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What is to be run in a VM beside its own program.
 *
 * @param cmd empty for the VM's own program
 * @param env added to that of the VM's program
 * @param user null for that of the VM's program
 * @param workdir null for that of the VM's program
 * @param replica which of a job's, or null for any
 * @param interactive whether it gets what is typed here
 * @param tty whether it gets a terminal
 */
record ExecRequest(
        List<String> cmd,
        Map<String, String> env,
        String user,
        String workdir,
        Integer replica,
        boolean interactive,
        boolean tty) {

    /** The same with another variable, unless it is set already. */
    ExecRequest withUsual(String variable, String value) {
        var more = new LinkedHashMap<>(env);
        more.putIfAbsent(variable, value);
        return new ExecRequest(cmd, more, user, workdir, replica, interactive, tty);
    }

    /** @param terminal its size, or null for none */
    Query query(Exec.Terminal terminal) {
        var query = new Query();
        cmd.forEach(word -> query.and("cmd", word));
        env.forEach((name, value) -> query.and("env", name + "=" + value));
        query.and("user", user).and("workdir", workdir).and("replica", replica);
        return terminal == null
                ? query
                : query.and("tty", true).and("rows", terminal.rows()).and("cols", terminal.columns());
    }
}
