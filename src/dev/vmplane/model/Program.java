package dev.vmplane.model;

import java.util.List;
import java.util.Map;

/**
 * What runs in a guest.
 *
 * @param cmd argument vector; the first is looked up in the guest's {@code PATH} unless it holds a slash
 * @param env by name, in the order of names; values are any text without NUL
 * @param user {@code user}, {@code uid}, {@code user:group} or {@code uid:gid}; names are looked up in the guest's own
 *     files. Null for root
 * @param workdir absolute path it starts in, made if missing; null for {@code /}
 * @param stopSignal what asks it to end, such as {@code SIGQUIT} or {@code 3}; null for SIGTERM
 * @param interactive the guest starts nothing by itself: {@code cmd} is what a terminal runs that names nothing else
 */
public record Program(
        List<String> cmd,
        Map<String, String> env,
        String user,
        String workdir,
        String stopSignal,
        boolean interactive) {

    /** One that runs as root in {@code /}. */
    public Program(List<String> cmd, Map<String, String> env) {
        this(cmd, env, null, null, null, false);
    }
}
