package dev.vmplane.cli;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code vmplane rm}. */
@Command(
        name = "rm",
        description = "Removes jobs; their VMs drain and stop. Volumes stay.",
        mixinStandardHelpOptions = true)
final class RmCommand implements Callable<Integer> {
    private final Surroundings around;

    @Mixin
    private ServerOption server;

    @Parameters(arity = "1..*", paramLabel = "JOB", description = "Ids of jobs.")
    private List<String> jobs;

    RmCommand(Surroundings around) {
        this.around = around;
    }

    @Override
    public Integer call() {
        var api = new Jobs(server.client(around));
        return Each.of(jobs, around.output(), api::remove);
    }
}
