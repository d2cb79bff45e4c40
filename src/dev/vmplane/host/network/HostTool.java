package dev.vmplane.host.network;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.MILLISECONDS;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A program of this host that runs to its end for what it changes or tells, such as {@code ip}. It blocks its caller, a
 * thread that may be blocked, for {@link #LIMIT} at most.
 *
 * <p>A program is a command of one word or more, for there are programs that run others, such as in another network.
 * What goes in and what comes out are files: nobody waits for a pipe to be read while the other waits for one to be
 * written, however much there is of either. They lie in {@code files}, which somebody clears for whoever is killed in
 * between.
 */
record HostTool(List<String> program, Path files) {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    /** Some 300 bytes for each guest of a full /16. */
    private static final int MAX_OUTPUT_BYTES = 32 * 1024 * 1024;

    static HostTool at(Path program, Path files) {
        return new HostTool(List.of(program.toString()), files);
    }

    /** How it ended, with all that it printed. */
    record Outcome(int status, String output) {
        boolean good() {
            return status == 0;
        }

        /** The first thing it said, for people. */
        String complaint() {
            return output.lines()
                    .map(String::strip)
                    .filter(line -> !line.isEmpty())
                    .findFirst()
                    .orElse("status " + status);
        }
    }

    /** Runs it with {@code script} written to a file, whose path is its last argument. */
    Outcome runScript(List<String> arguments, String script) throws IOException, InterruptedException {
        var file = Files.createTempFile(files, "", ".script");
        try {
            Files.writeString(file, script);
            var all = new ArrayList<>(arguments);
            all.add(file.toString());
            return run(all);
        } finally {
            Files.delete(file);
        }
    }

    Outcome run(List<String> arguments) throws IOException, InterruptedException {
        var output = Files.createTempFile(files, "", ".output");
        try {
            var command = new ArrayList<>(program);
            command.addAll(arguments);
            var process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectInput(Path.of("/dev/null").toFile())
                    .redirectOutput(output.toFile())
                    .start();
            if (!process.waitFor(LIMIT.toMillis(), MILLISECONDS)) {
                process.destroyForcibly();
                throw new IOException(program.get(0) + " took over " + LIMIT.toSeconds() + " s");
            }
            try (var printed = Files.newInputStream(output)) {
                return new Outcome(process.exitValue(), new String(printed.readNBytes(MAX_OUTPUT_BYTES), UTF_8));
            }
        } finally {
            Files.delete(output);
        }
    }
}
