package dev.vmplane.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code vmplane kernel ls}. */
@Command(
        name = "ls",
        aliases = "list",
        description = "Lists the kernels in the server's image directory.",
        mixinStandardHelpOptions = true)
final class KernelLs implements Callable<Integer> {
    private final Surroundings around;

    @Mixin
    private ServerOption server;

    KernelLs(Surroundings around) {
        this.around = around;
    }

    @Override
    public Integer call() {
        var table = new Table("NAME", "VERSION", "FORMAT", "SIZE", "AGE", "INITRAMFS");
        for (var kernel : server.client(around).list("/kernels")) {
            table.row(
                    kernel.text("name"),
                    kernel.text("version"),
                    kernel.text("format"),
                    ByteSize.shown(kernel.number("bytes", 0)),
                    Span.since(kernel.time("modified_at"), around.now()),
                    kernel.flag("initramfs") ? "yes" : "missing");
        }
        around.output().table(table);
        return 0;
    }
}
