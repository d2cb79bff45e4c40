package dev.vmplane.cli;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code vmplane exec}. */
@Command(
        name = "exec",
        description = "Runs a program in a VM that runs.",
        mixinStandardHelpOptions = true,
        exitCodeOnInvalidInput = ExecSession.OWN_FAILURE,
        exitCodeOnExecutionException = ExecSession.OWN_FAILURE,
        exitCodeListHeading = "%nExit status: that of the program, 128 and the signal if one ended it, or%n",
        exitCodeList = {
            "125:The command failed; the reason is on standard error.",
            "126:The program cannot be run.",
            "127:There is no such program."
        })
final class ExecCommand implements Callable<Integer> {
    private final Surroundings around;

    @Mixin
    private ServerOption server;

    @Option(
            names = {"-i", "--interactive"},
            description = "Passes standard input on; else the program's has its end at once.")
    private boolean interactive;

    @Option(
            names = {"-t", "--tty"},
            description = "Gives the program a terminal, and this one to it.")
    private boolean tty;

    @Option(
            names = {"-e", "--env"},
            paramLabel = "NAME[=VALUE]",
            description = "A variable, or one of this environment.")
    private List<String> variables = List.of();

    @Option(
            names = {"-u", "--user"},
            paramLabel = "USER[:GROUP]",
            description = "Who runs it (default: who runs the VM's program).")
    private String user;

    @Option(
            names = {"-w", "--workdir"},
            paramLabel = "DIR",
            description = "Where it starts.")
    private String workdir;

    @Option(names = "--replica", paramLabel = "N", description = "Which of the job's, from 0 (default: any).")
    private Integer replica;

    @Parameters(index = "0", paramLabel = "JOB|VM", description = "The id of a job or of a VM.")
    private String name;

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "CMD", description = "The program and its arguments.")
    private List<String> command;

    ExecCommand(Surroundings around) {
        this.around = around;
    }

    @Override
    public Integer call() {
        var words = command.get(0).equals("--") ? command.subList(1, command.size()) : command;
        var api = server.client(around);
        var target = Target.of(api, name);
        var asked = new ExecRequest(
                words,
                Variables.of(List.of(), variables, around.environment()),
                user,
                workdir,
                replica,
                interactive,
                tty);
        return ExecSession.run(api, target.path(), asked, around);
    }
}
