package dev.vmplane.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code vmplane kernel}: names its commands when it is given none. */
@Command(
        name = "kernel",
        description = "Shows the kernels VMs can boot.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND")
final class KernelCommand implements Runnable {
    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    static CommandLine with(Surroundings around) {
        return new CommandLine(new KernelCommand()).addSubcommand(new KernelLs(around));
    }

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "Say which command.");
    }
}
