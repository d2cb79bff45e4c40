package dev.vmplane.cli;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code vmplane image ls}. */
@Command(
        name = "ls",
        aliases = "list",
        description = "Lists the server's images: a line for each name.",
        mixinStandardHelpOptions = true)
final class ImageLs implements Callable<Integer> {
    private final Surroundings around;

    @Mixin
    private ServerOption server;

    ImageLs(Surroundings around) {
        this.around = around;
    }

    @Override
    public Integer call() {
        var table = new Table("NAME", "DIGEST", "STATE", "SIZE", "AGE", "USED BY");
        for (var document : server.client(around).list("/images")) {
            var image = new ImageView(document);
            var names = image.references().isEmpty() ? List.of("<none>") : image.references();
            names.forEach(name -> table.row(
                    name,
                    image.shortDigest(),
                    image.state().equals("pulling")
                            ? "pulling " + image.progress().percent() + "%"
                            : image.state(),
                    image.bytes() == 0 ? "" : ByteSize.shown(image.bytes()),
                    Span.since(document.time("created_at"), around.now()),
                    image.users()));
        }
        around.output().table(table);
        return 0;
    }
}
