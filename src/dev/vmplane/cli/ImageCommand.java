package dev.vmplane.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code vmplane image}: names its commands when it is given none. */
@Command(
        name = "image",
        description = "Makes, fetches and removes what VMs boot from.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND")
final class ImageCommand implements Runnable {
    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    static CommandLine with(Surroundings around) {
        return new CommandLine(new ImageCommand())
                .addSubcommand(new ImageBuild(around))
                .addSubcommand(new ImagePull(around))
                .addSubcommand(new ImageLoad(around))
                .addSubcommand(new ImageLs(around))
                .addSubcommand(new ImageRm(around))
                .addSubcommand(new ImagePrune(around));
    }

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "Say which command.");
    }
}
