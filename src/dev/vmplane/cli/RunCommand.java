package dev.vmplane.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code vmplane run}. */
@Command(
        name = "run",
        description = "Runs an image in a microVM of its own and shows what it prints, until it ends or Ctrl-C.",
        mixinStandardHelpOptions = true,
        exitCodeOnInvalidInput = ExecSession.OWN_FAILURE,
        exitCodeOnExecutionException = ExecSession.OWN_FAILURE,
        exitCodeListHeading = "%nExit status: that of the program, 128 and the signal if one ended it, or%n",
        exitCodeList = {
            "0:A service was stopped, or -d: it is on its way.",
            "125:The command failed; the reason is on standard error.",
            "126:The program cannot be run.",
            "127:There is no such program.",
            "130:Ctrl-C."
        })
final class RunCommand implements Callable<Integer> {
    private final Surroundings around;

    @Mixin
    private ServerOption server;

    @Mixin
    private RunOptions options;

    @Option(
            names = "--pull",
            paramLabel = "WHEN",
            defaultValue = "missing",
            description = "When the registry is asked: missing, always or never (default: ${DEFAULT-VALUE}).")
    private String pull;

    @Option(
            names = "--ingress",
            paramLabel = "HOST:PORT",
            description = "The server's load balancer (default: " + Ingress.VARIABLE
                    + ", else port 8080 of the server's host).")
    private String ingress;

    @Parameters(index = "0", paramLabel = "IMAGE", description = "Such as nginx:1.27 or localhost/app:1.")
    private String image;

    @Parameters(
            index = "1..*",
            arity = "0..*",
            paramLabel = "CMD",
            description = "Instead of the image's command. Options stand before IMAGE; what follows is the guest's.")
    private List<String> command = List.of();

    RunCommand(Surroundings around) {
        this.around = around;
    }

    @Override
    public Integer call() {
        refuseWhatCannotBe();
        var api = server.client(around);
        var entrance = Ingress.of(ingress == null ? around.variable(Ingress.VARIABLE) : ingress, api.server());
        var jobs = new Jobs(api);
        refuseTakenName(jobs);
        var exposed = pulled(api).exposedPorts();
        var words = !command.isEmpty() && command.get(0).equals("--") ? command.subList(1, command.size()) : command;
        var spec = RunSpec.of(options, image, exposed, words, around.environment());
        refuseWhatOnlyOthersCan((String) spec.get("lifecycle"));
        var job = jobs.make(wish(spec));
        var run = new AttachedRun(around, api, job.id(), options, entrance);
        if (options.detach) {
            return run.detached(job);
        }
        return options.attended() ? run.attended() : run.toItsEnd();
    }

    private void refuseWhatCannotBe() {
        if (options.detach && options.attended()) {
            throw new CommandException("-d cannot be had with -i or -t: nobody is there to type");
        }
        if (options.tty && !around.terminals().in()) {
            throw new CommandException(
                    "a terminal cannot be given to the program: standard input is none", "Leave -t out.");
        }
        if (!List.of("missing", "always", "never").contains(pull)) {
            throw new CommandException("--pull cannot be '" + pull + "': missing, always or never");
        }
        options.published();
    }

    private void refuseWhatOnlyOthersCan(String lifecycle) {
        if (options.detach && options.remove && !lifecycle.equals("job")) {
            throw new CommandException(
                    "--rm cannot be had with -d by a " + lifecycle + ", which has no end",
                    "Leave --rm out, and remove it with 'vmplane rm' when it is to go.");
        }
        if (options.port != null && options.published().host() != null && !lifecycle.equals("service")) {
            throw new CommandException(
                    "no port of this host can lead to a " + lifecycle + ": only services are served");
        }
    }

    /** A name that somebody chose may be in use, and a job of that name would be changed. */
    private void refuseTakenName(Jobs jobs) {
        if (options.name != null && jobs.find(options.name).isPresent()) {
            throw new CommandException(
                    "job " + options.name + " cannot be made: there is one of that name",
                    "Remove it with 'vmplane rm " + options.name + "', or choose another --name.");
        }
    }

    private ImageView pulled(ApiClient api) {
        var pulling = new Pull(api, around.output());
        if (!pull.equals("never")) {
            return pulling.of(image, pull.equals("always"));
        }
        try {
            return pulling.ready(image, new ImageView(api.get("/images/" + ApiClient.escaped(image))));
        } catch (ProblemException refused) {
            if (refused.notFound()) {
                throw new CommandException(
                        "image " + image + " cannot be run: the server has none of that name, and --pull is never");
            }
            throw refused;
        }
    }

    private Map<String, Object> wish(Map<String, Object> spec) {
        var wish = new LinkedHashMap<String, Object>();
        wish.put("job_id", options.name == null ? JobName.of(image, ThreadLocalRandom.current()) : options.name);
        if (options.tenant != null) {
            wish.put("tenant", options.tenant);
        }
        wish.put("spec", spec);
        return wish;
    }
}
