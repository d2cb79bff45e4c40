package dev.vmplane.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code vmplane logs}. */
@Command(
        name = "logs",
        description = "Shows what the programs of a job or of one VM print: its standard output on standard output,"
                + " everything else on standard error.",
        mixinStandardHelpOptions = true)
final class LogsCommand implements Callable<Integer> {
    private final Surroundings around;

    @Mixin
    private ServerOption server;

    @Option(
            names = {"-f", "--follow"},
            description = "Goes on with what comes, until the job is over.")
    private boolean follow;

    @Option(
            names = {"-n", "--tail"},
            paramLabel = "LINES",
            description = "Only the last ones (default: all that are kept).")
    private Integer tail;

    @Option(names = "--since", paramLabel = "TIME", description = "Since then: 10m, or 2026-01-02T03:04:05Z.")
    private String since;

    @Option(
            names = {"-t", "--timestamps"},
            description = "With when it was printed, by the guest's clock.")
    private boolean times;

    @Option(
            names = "--stream",
            paramLabel = "NAMES",
            defaultValue = "stdout,stderr",
            description = "Of stdout, stderr, kernel and guest, the guest program's own (default: ${DEFAULT-VALUE}).")
    private String streams;

    @Parameters(paramLabel = "JOB|VM", description = "The id of a job or of a VM.")
    private String name;

    LogsCommand(Surroundings around) {
        this.around = around;
    }

    @Override
    public Integer call() {
        var api = server.client(around);
        var target = Target.of(api, name);
        var names = target.job().map(JobReport::replicas).orElse(1L) > 1;
        var query = new Query()
                .and("follow", follow ? true : null)
                .and("tail", tail)
                .and("since", since == null ? null : since(since))
                .and("stream", streams);
        var printer = new LogPrinter(around.output(), times, names);
        try (var log = new LogStream(api, target.path() + "/logs" + query, printer)) {
            log.run();
        }
        return 0;
    }

    private String since(String written) {
        return written.contains("T")
                ? written
                : around.now().minus(Span.of("--since", written)).toString();
    }
}
