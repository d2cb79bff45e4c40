package dev.vmplane.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code vmplane image prune}. */
@Command(
        name = "prune",
        description = "Removes every image that no job names and no VM boots from.",
        mixinStandardHelpOptions = true)
final class ImagePrune implements Callable<Integer> {
    private final Surroundings around;

    @Mixin
    private ServerOption server;

    @Option(
            names = {"-f", "--force"},
            description = "Does not ask first.")
    private boolean force;

    ImagePrune(Surroundings around) {
        this.around = around;
    }

    @Override
    public Integer call() {
        var output = around.output();
        if (!force && !agreed(output)) {
            output.note("Nothing was removed.");
            return 1;
        }
        var pruned = server.client(around).post("/images/prune", null).body();
        pruned.texts("digests").forEach(output::result);
        output.note("freed " + ByteSize.shown(pruned.number("bytes", 0)));
        return 0;
    }

    /** An image that was built or loaded cannot be pulled again. */
    private boolean agreed(Output output) {
        if (!around.terminals().in()) {
            throw new CommandException(
                    "images cannot be removed unasked: standard input is no terminal", "Say --force to remove them.");
        }
        output.raw(true, "Remove every image that is not in use? [y/N] ");
        try {
            var answer = new BufferedReader(new InputStreamReader(around.in(), StandardCharsets.UTF_8)).readLine();
            return answer != null && answer.strip().matches("(?i)y|yes");
        } catch (IOException gone) {
            return false;
        }
    }
}
