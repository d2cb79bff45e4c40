package dev.vmplane.cli;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code vmplane stop}. */
@Command(
        name = "stop",
        description = "Wants no VM of these jobs any more: they drain and stop. The jobs stay.",
        mixinStandardHelpOptions = true)
final class StopCommand implements Callable<Integer> {
    private final Surroundings around;

    @Mixin
    private ServerOption server;

    @Parameters(arity = "1..*", paramLabel = "JOB", description = "Ids of jobs.")
    private List<String> jobs;

    StopCommand(Surroundings around) {
        this.around = around;
    }

    @Override
    public Integer call() {
        var api = new Jobs(server.client(around));
        return Each.of(jobs, around.output(), api::stop);
    }
}
