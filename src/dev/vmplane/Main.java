package dev.vmplane;

import dev.vmplane.cli.CommandLineTool;
import java.time.InstantSource;

/** Where the program begins. */
public final class Main {
    private Main() {}

    public static void main(String[] words) {
        System.exit(CommandLineTool.run(words, Server::serve, Server::simulate, InstantSource.system()));
    }
}
