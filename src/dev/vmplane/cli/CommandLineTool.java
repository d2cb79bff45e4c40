package dev.vmplane.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code vmplane} and its commands. What they do belongs to other folders and is handed in: the command line only reads
 * words.
 */
public final class CommandLineTool {
    private CommandLineTool() {}

    /**
     * Runs the command in {@code words}.
     *
     * @param serve runs the control plane described by a configuration file until it is told to stop
     * @param simulate runs the simulator of a state directory until it is told to stop
     * @return the exit status: 0, 1 when the command failed, 2 when it was not understood
     */
    public static int run(String[] words, Function<Path, Integer> serve, Function<Path, Integer> simulate) {
        return new CommandLine(new Top())
                .addSubcommand(new Serve(serve))
                .addSubcommand(new Simulator(simulate))
                .addSubcommand(new CommandLine.HelpCommand())
                .execute(words);
    }

    @Command(
            name = "vmplane",
            description = "Keeps declared microVMs running on Firecracker or QEMU.",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class,
            synopsisSubcommandLabel = "COMMAND")
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
