package dev.vmplane.cli;

import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code vmplane ps}. */
@Command(name = "ps", description = "Lists jobs that run or are about to.", mixinStandardHelpOptions = true)
final class PsCommand implements Callable<Integer> {
    private static final Set<String> OVER = Set.of("succeeded", "failed", "stopped");

    private final Surroundings around;

    @Mixin
    private ServerOption server;

    @Option(
            names = {"-a", "--all"},
            description = "Those that are over too.")
    private boolean all;

    @Option(
            names = {"-q", "--quiet"},
            description = "Their ids alone.")
    private boolean quiet;

    PsCommand(Surroundings around) {
        this.around = around;
    }

    @Override
    public Integer call() {
        var output = around.output();
        var jobs = server.client(around).list("/vms").stream()
                .map(JobReport::new)
                .filter(job -> all || !OVER.contains(job.state()))
                .toList();
        if (quiet) {
            jobs.forEach(job -> output.result(job.id()));
            return 0;
        }
        var table = new Table("JOB", "TENANT", "LIFECYCLE", "STATE", "READY", "BOOTS FROM", "AGE", "REASON");
        jobs.forEach(job -> table.row(
                job.id(),
                job.document().text("tenant"),
                job.lifecycle(),
                job.state(),
                job.ready(),
                job.bootsFrom(),
                Span.since(job.document().time("created_at"), around.now()),
                job.reason()));
        output.table(table);
        return 0;
    }
}
