package dev.vmplane.cli;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code vmplane image rm}. */
@Command(
        name = "rm",
        description = "Takes names from images; an image goes with its last name, or when its digest is given.",
        mixinStandardHelpOptions = true)
final class ImageRm implements Callable<Integer> {
    private final Surroundings around;

    @Mixin
    private ServerOption server;

    @Parameters(arity = "1..*", paramLabel = "IMAGE", description = "Names or digests.")
    private List<String> images;

    ImageRm(Surroundings around) {
        this.around = around;
    }

    @Override
    public Integer call() {
        var api = server.client(around);
        return Each.of(images, around.output(), name -> api.delete("/images/" + ApiClient.escaped(name)));
    }
}
