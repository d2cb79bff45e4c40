package dev.vmplane.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code vmplane image build}: buildah does the building, here; the server gets the result. */
@Command(
        name = "build",
        description = "Builds an image from a Containerfile or Dockerfile, with buildah, and hands it to the server.",
        mixinStandardHelpOptions = true)
final class ImageBuild implements Callable<Integer> {
    private final Surroundings around;

    @Mixin
    private ServerOption server;

    @Option(
            names = {"-t", "--tag"},
            required = true,
            paramLabel = "NAME",
            description = "What it is to be called; localhost/ is put before it.")
    private String name;

    @Option(
            names = {"-f", "--file"},
            paramLabel = "FILE",
            description = "The recipe (default: Containerfile, else Dockerfile, of the directory).")
    private Path recipe;

    @Option(names = "--build-arg", paramLabel = "NAME=VALUE", description = "A variable for the recipe.")
    private List<String> arguments = List.of();

    @Option(names = "--no-cache", description = "Builds every step anew.")
    private boolean withoutCache;

    @Parameters(paramLabel = "DIR", description = "What COPY and ADD copy from.")
    private Path directory;

    ImageBuild(Surroundings around) {
        this.around = around;
    }

    @Override
    public Integer call() {
        var reference = LocalName.of(name);
        if (!Files.isDirectory(directory)) {
            throw new CommandException("'" + directory + "' cannot be built from: it is no directory");
        }
        var api = server.client(around);
        var buildah = buildah();
        try {
            var work = Files.createTempDirectory("vmplane-build-");
            try {
                build(buildah, reference, work);
                send(api, reference, work.resolve("image.tar"));
            } finally {
                remove(work);
            }
        } catch (IOException failure) {
            throw new CommandException("image " + reference + " cannot be built: " + Reasons.of(failure));
        }
        return 0;
    }

    private void send(ApiClient api, String reference, Path archive) throws IOException {
        try (var bytes = Files.newInputStream(archive)) {
            new ImageUpload(api, around.output()).send(reference, bytes, Files.size(archive));
        }
    }

    /** The image goes by its id from one step to the next, for its name may be another's by then. */
    private void build(String buildah, String reference, Path work) throws IOException {
        var id = work.resolve("id");
        var build = new ArrayList<>(List.of(buildah, "build", "--iidfile", id.toString(), "--tag", reference));
        if (recipe != null) {
            build.addAll(List.of("--file", recipe.toString()));
        }
        arguments.forEach(argument -> build.addAll(List.of("--build-arg", argument)));
        if (withoutCache) {
            build.add("--no-cache");
        }
        build.add(directory.toString());
        run(reference, build);
        var built = Files.readString(id).strip();
        run(reference, List.of(buildah, "push", "--quiet", built, "oci-archive:" + work.resolve("image.tar")));
    }

    /** Both its streams go to standard error: what a pipe gets is the digest alone. */
    private static void run(String reference, List<String> command) throws IOException {
        var process = new ProcessBuilder(command)
                .redirectInput(ProcessBuilder.Redirect.INHERIT)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (var words = process.getInputStream()) {
            words.transferTo(System.err);
            var status = process.waitFor();
            if (status != 0) {
                throw new CommandException("image " + reference + " cannot be built: buildah " + command.get(1)
                        + " ended with status " + status + " (see above)");
            }
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
            throw new CommandException("image " + reference + " cannot be built: the command was told to end");
        } finally {
            process.destroy();
        }
    }

    private String buildah() {
        for (var place : around.variable("PATH").split(":", -1)) {
            var program = Path.of(place.isEmpty() ? "." : place, "buildah");
            if (Files.isExecutable(program) && !Files.isDirectory(program)) {
                return program.toString();
            }
        }
        throw new CommandException(
                "image " + name + " cannot be built: there is no buildah on the PATH",
                "Install it: apt-get install buildah. Or build it elsewhere and use 'vmplane image load'.");
    }

    private static void remove(Path work) throws IOException {
        for (var file : List.of("id", "image.tar")) {
            Files.deleteIfExists(work.resolve(file));
        }
        Files.deleteIfExists(work);
    }
}
