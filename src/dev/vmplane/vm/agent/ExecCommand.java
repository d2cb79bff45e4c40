package dev.vmplane.vm.agent;

import dev.vmplane.model.Exec;
import java.util.List;
import java.util.Map;

/**
 * A program to run in a guest.
 *
 * @param cmd argument vector; empty for the guest's own program
 * @param env added to that of the guest's own program, by name
 * @param user or null for that of the guest's own program
 * @param workdir or null for that of the guest's own program
 * @param terminal or null for plain streams
 */
public record ExecCommand(
        List<String> cmd, Map<String, String> env, String user, String workdir, Exec.Terminal terminal) {}
