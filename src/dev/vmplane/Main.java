package dev.vmplane;

import dev.vmplane.cli.CommandLineTool;
import java.time.InstantSource;

/** Where the program begins. */
public final class Main {
    private Main() {}

    public static void main(String[] words) {
        // Not references to its methods: those would load what it names before anybody wants to serve.
        System.exit(CommandLineTool.run(
                words, config -> Server.serve(config), stateDir -> Server.simulate(stateDir), InstantSource.system()));
    }
}
