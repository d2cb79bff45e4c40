package dev.vmplane.image;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.vertx.core.buffer.Buffer;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A program of this host that runs to its end for an image. It is killed when it is told to stop or its time is over, prints
 * into files, and may print no more than makes sense. Blocks.
 *
 * @param path the directories to look for programs in, separated as in {@code PATH}
 * @param work where it runs, and prints to
 */
record Tool(String path, Path work) {
    private static final String SYSTEM_DIRECTORIES = "/usr/sbin:/sbin:/usr/bin:/bin";
    private static final int LOOK_MILLIS = 100;
    private static final int MAX_OUTPUT_BYTES = Manifest.MAX_BYTES;
    private static final int MAX_COMPLAINT_BYTES = 64 * 1024;

    /** How a program ended, with what it printed on its two outputs. */
    record Outcome(int status, Buffer output, String complaint) {
        boolean good() {
            return status == 0;
        }
    }

    /** Whether there is a program of that name. */
    static Optional<Path> find(String name, String path) {
        return Stream.of((path + File.pathSeparator + SYSTEM_DIRECTORIES).split(File.pathSeparator))
                .filter(directory -> !directory.isEmpty())
                .map(directory -> Path.of(directory, name))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** The program of that name, which comes with {@code source}. */
    String program(String name, String source) {
        return find(name, path)
                .orElseThrow(() -> ImageTrouble.unavailable(
                        "image_tool_missing", "there is no " + name + " on this host: install " + source))
                .toString();
    }

    Outcome run(List<String> command, Stop stop) throws IOException {
        return run(command, stop, () -> {});
    }

    /** Calls {@code meanwhile} a few times a second, which may end it by throwing. */
    Outcome run(List<String> command, Stop stop, Runnable meanwhile) throws IOException {
        var output = Files.createTempFile(work, "", ".output");
        var complaint = Files.createTempFile(work, "", ".complaint");
        var builder = new ProcessBuilder(command)
                .directory(work.toFile())
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(output.toFile())
                .redirectError(complaint.toFile());
        builder.environment().put("LC_ALL", "C");
        builder.environment().put("TMPDIR", work.toString());
        try {
            var process = builder.start();
            try {
                while (!process.waitFor(LOOK_MILLIS, MILLISECONDS)) {
                    stop.check();
                    if (Files.size(output) > MAX_OUTPUT_BYTES || Files.size(complaint) > MAX_OUTPUT_BYTES) {
                        throw ImageTrouble.bad("image_malformed", "there is no end to what is said of it");
                    }
                    meanwhile.run();
                }
            } finally {
                process.destroyForcibly();
                process.waitFor();
            }
            return new Outcome(process.exitValue(), Buffer.buffer(first(output, MAX_OUTPUT_BYTES)), text(complaint));
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw ImageTrouble.unavailable("image_not_wanted", "the control plane stops");
        } finally {
            Files.deleteIfExists(output);
            Files.deleteIfExists(complaint);
        }
    }

    private static String text(Path complaint) throws IOException {
        return new String(first(complaint, MAX_COMPLAINT_BYTES), UTF_8);
    }

    private static byte[] first(Path file, int most) throws IOException {
        try (var in = Files.newInputStream(file)) {
            return in.readNBytes(most + 1);
        }
    }
}
