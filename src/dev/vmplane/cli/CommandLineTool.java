package dev.vmplane.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code vmplane} and its commands. The server and the simulator belong to other folders and are handed in; every other
 * command is a client, and only speaks to a server's API.
 */
public final class CommandLineTool {
    private CommandLineTool() {}

    /**
     * Runs the command in {@code words}.
     *
     * @param serve runs the control plane described by a configuration file until it is told to stop
     * @param simulate runs the simulator of a state directory until it is told to stop
     * @param clock what commands that show ages go by
     * @return the exit status: 0, 1 when the command failed, 2 when it was not understood; run and exec say in their help
     *     what theirs is
     */
    public static int run(
            String[] words, Function<Path, Integer> serve, Function<Path, Integer> simulate, InstantSource clock) {
        return run(words, serve, simulate, Surroundings.ofProcess(clock));
    }

    static int run(
            String[] words, Function<Path, Integer> serve, Function<Path, Integer> simulate, Surroundings around) {
        var commands = new CommandLine(new Top())
                .addSubcommand(new Serve(serve))
                .addSubcommand(new Simulator(simulate))
                .addSubcommand(wordsAsTheyAre(new RunCommand(around)))
                .addSubcommand(new PsCommand(around))
                .addSubcommand(new LogsCommand(around))
                .addSubcommand(wordsAsTheyAre(new ExecCommand(around)))
                .addSubcommand(new StopCommand(around))
                .addSubcommand(new RmCommand(around))
                .addSubcommand(ImageCommand.with(around))
                .addSubcommand(KernelCommand.with(around))
                .addSubcommand(new CommandLine.HelpCommand());
        return commands.setOut(new PrintWriter(around.out(), true, UTF_8))
                .setErr(new PrintWriter(around.err(), true, UTF_8))
                .setExecutionExceptionHandler((failure, command, parsed) -> failed(failure, command, around))
                .execute(words);
    }

    /** What follows the first word that is no option belongs to the guest, options included. */
    private static CommandLine wordsAsTheyAre(Object command) {
        return new CommandLine(command).setStopAtPositional(true);
    }

    /** A defect is shown whole; everything else in one sentence. */
    private static int failed(Exception failure, CommandLine command, Surroundings around) throws Exception {
        if (failure instanceof CommandException known) {
            around.output().complain(known);
            return command.getCommandSpec().exitCodeOnExecutionException();
        }
        throw failure;
    }

    @Command(
            name = "vmplane",
            description = "Keeps declared microVMs running on Firecracker, Cloud Hypervisor or QEMU.",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class,
            synopsisSubcommandLabel = "COMMAND",
            exitCodeListHeading = "%nExit status:%n",
            exitCodeList = {
                "0:The command did what it says.",
                "1:It failed; the reason is on standard error.",
                "2:It was not understood.",
                "125 and less:run and exec: see their help."
            })
    private static final class Top implements Runnable {
        @CommandLine.Spec
        private CommandLine.Model.CommandSpec spec;

        @Override
        public void run() {
            throw new CommandLine.ParameterException(spec.commandLine(), "Say which command.");
        }
    }

    @Command(name = "serve", description = "Runs the control plane.", mixinStandardHelpOptions = true)
    private static final class Serve implements Callable<Integer> {
        private final Function<Path, Integer> serve;

        @Option(
                names = "--config",
                paramLabel = "FILE",
                defaultValue = "conf/vmplane.yaml",
                description = "The server's configuration (default: ${DEFAULT-VALUE}).")
        private Path config;

        private Serve(Function<Path, Integer> serve) {
            this.serve = serve;
        }

        @Override
        public Integer call() {
            return serve.apply(config);
        }
    }

    @Command(
            name = "simulator",
            description =
                    "Runs the simulated hypervisors of a state directory. serve starts it by itself when it needs it.",
            mixinStandardHelpOptions = true)
    private static final class Simulator implements Callable<Integer> {
        private final Function<Path, Integer> simulate;

        @Option(
                names = "--state-dir",
                paramLabel = "DIR",
                defaultValue = ".vmplane",
                description = "Where its socket lies (default: ${DEFAULT-VALUE}).")
        private Path stateDir;

        private Simulator(Function<Path, Integer> simulate) {
            this.simulate = simulate;
        }

        @Override
        public Integer call() {
            return simulate.apply(stateDir);
        }
    }

    /** The version the jar was built as. */
    private static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            var version = CommandLineTool.class.getPackage().getImplementationVersion();
            return new String[] {"vmplane " + (version == null ? "(not built as a jar)" : version)};
        }
    }
}
