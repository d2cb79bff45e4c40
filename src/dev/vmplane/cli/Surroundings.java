package dev.vmplane.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.function.Supplier;

/**
 * What a command finds around it: the process's environment and streams, the time, and the person's terminal and keys.
 *
 * @param terminals which of the three streams are a terminal
 * @param terminal opens the one at standard input
 */
record Surroundings(
        Map<String, String> environment,
        InputStream in,
        PrintStream out,
        PrintStream err,
        Terminals terminals,
        InstantSource clock,
        Interrupts interrupts,
        Supplier<Terminal> terminal) {

    /** Whether a person types what is read, and sees what is written. */
    record Terminals(boolean in, boolean out, boolean err) {
        static final Terminals NONE = new Terminals(false, false, false);

        private static Terminals ofProcess() {
            return new Terminals(isTerminal(0), isTerminal(1), isTerminal(2));
        }

        /** Java 17 can ask only for standard input and output together, so the links of the kernel are looked at. */
        @SuppressWarnings("SystemConsoleNull") // where there are no such links; later ones say yes too often
        private static boolean isTerminal(int descriptor) {
            var link = Path.of("/proc/self/fd/" + descriptor);
            try {
                var target = Files.readSymbolicLink(link).toString();
                return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
            } catch (IOException noLinks) {
                return System.console() != null;
            }
        }
    }

    /** Those of this process. The terminal's own classes are loaded when it is opened: few commands do. */
    static Surroundings ofProcess(InstantSource clock) {
        return new Surroundings(
                System.getenv(),
                System.in,
                System.out,
                System.err,
                Terminals.ofProcess(),
                clock,
                Interrupts.OF_PROCESS,
                () -> HostTerminal.open());
    }

    Instant now() {
        return clock.instant();
    }

    /** An empty text when it is not set. */
    String variable(String name) {
        return environment.getOrDefault(name, "");
    }

    Output output() {
        return new Output(this);
    }
}
