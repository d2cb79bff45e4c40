package dev.vmplane.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code vmplane image load}. */
@Command(
        name = "load",
        description = "Hands the server an image from a file, as docker save or buildah push oci-archive: writes it.",
        mixinStandardHelpOptions = true)
final class ImageLoad implements Callable<Integer> {
    private final Surroundings around;

    @Mixin
    private ServerOption server;

    @Option(
            names = {"-t", "--tag"},
            required = true,
            paramLabel = "NAME",
            description = "What it is to be called; localhost/ is put before it.")
    private String name;

    @Parameters(paramLabel = "FILE", description = "The archive; - for standard input.")
    private String file;

    ImageLoad(Surroundings around) {
        this.around = around;
    }

    @Override
    public Integer call() {
        var reference = LocalName.of(name);
        var upload = new ImageUpload(server.client(around), around.output());
        if (file.equals("-")) {
            upload.send(reference, around.in(), 0);
            return 0;
        }
        var archive = Path.of(file);
        try (var bytes = Files.newInputStream(archive)) {
            upload.send(reference, bytes, Files.size(archive));
        } catch (IOException failure) {
            throw new CommandException("'" + file + "' cannot be read: " + Reasons.of(failure));
        }
        return 0;
    }
}
