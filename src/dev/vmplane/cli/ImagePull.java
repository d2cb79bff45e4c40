package dev.vmplane.cli;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code vmplane image pull}. */
@Command(
        name = "pull",
        description = "Fetches images, newly where a name has come to mean another one.",
        mixinStandardHelpOptions = true)
final class ImagePull implements Callable<Integer> {
    private final Surroundings around;

    @Mixin
    private ServerOption server;

    @Parameters(arity = "1..*", paramLabel = "IMAGE", description = "Such as nginx:1.27 or localhost:5000/web:1.")
    private List<String> images;

    ImagePull(Surroundings around) {
        this.around = around;
    }

    @Override
    public Integer call() {
        var api = server.client(around);
        var output = around.output();
        for (var name : images) {
            var image = new Pull(api, output).of(name, true);
            output.note(name + " is here, " + ByteSize.shown(image.bytes()));
            output.result(image.digest());
        }
        return 0;
    }
}
