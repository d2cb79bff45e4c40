package dev.vmplane.host;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.util.concurrent.TimeUnit.MILLISECONDS;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Set;

/**
 * The launcher's program, which the jar carries. It is unpacked under a name that holds its version, the beginning of its
 * hash, so that one that runs is never written over. Everything here blocks.
 */
final class LauncherProgram {
    private static final String NAME = "launcher-";
    private static final int VERSION_DIGITS = 12;
    private static final Duration START_LIMIT = Duration.ofSeconds(10);
    private static final int RUNS_ALREADY = 3;
    private static final int LAST_WORDS_BYTES = 512;

    private final byte[] content;
    private final String version;

    LauncherProgram(byte[] content) {
        this.content = content.clone();
        try {
            var hash = MessageDigest.getInstance("SHA-256").digest(content);
            this.version = HexFormat.of().formatHex(hash).substring(0, VERSION_DIGITS);
        } catch (NoSuchAlgorithmException everyJavaHasIt) {
            throw new IllegalStateException(everyJavaHasIt);
        }
    }

    /** The one that was built together with this class. */
    static LauncherProgram ofThisJar() {
        try (var resource = LauncherProgram.class.getResourceAsStream("launcher")) {
            if (resource == null) {
                throw new IllegalStateException("the launcher is not in the jar: src/launcher/build.sh builds it");
            }
            return new LauncherProgram(resource.readAllBytes());
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    String version() {
        return version;
    }

    /** Sees to it that a launcher runs for {@code stateDir}, of whatever version. */
    void start(Path stateDir) throws IOException, InterruptedException {
        var program = unpack(stateDir);
        var log = stateDir.resolve("launcher.log");
        var output = Redirect.appendTo(log.toFile());
        var builder = new ProcessBuilder(program.toString(), stateDir.toString(), version)
                .redirectInput(new File("/dev/null"))
                .redirectOutput(output)
                .redirectError(output);
        builder.environment().keySet().retainAll(Set.of("PATH"));
        var process = builder.start();
        // It ends once the launcher it leaves behind takes orders.
        if (!process.waitFor(START_LIMIT.toMillis(), MILLISECONDS)) {
            process.destroyForcibly();
            throw new IOException("the launcher does not come up");
        }
        if (process.exitValue() != 0 && process.exitValue() != RUNS_ALREADY) {
            throw new IOException("the launcher failed: " + lastWords(log).replace(stateDir + "/", ""));
        }
    }

    private Path unpack(Path stateDir) throws IOException {
        var ownerOnly = PosixFilePermissions.fromString("rwx------");
        Files.createDirectories(stateDir);
        var program = stateDir.resolve(NAME + version);
        if (!Files.isExecutable(program) || !Arrays.equals(Files.readAllBytes(program), content)) {
            var unfinished = stateDir.resolve("new-" + NAME + version);
            Files.deleteIfExists(unfinished);
            Files.createFile(unfinished, PosixFilePermissions.asFileAttribute(ownerOnly));
            Files.write(unfinished, content);
            Files.move(unfinished, program, ATOMIC_MOVE);
        }
        removeOthers(stateDir, program);
        return program;
    }

    /** What runs keeps its file for as long as it runs, whether or not that has a name. */
    private static void removeOthers(Path stateDir, Path program) throws IOException {
        try (var entries = Files.newDirectoryStream(stateDir, NAME + "[0-9a-f]".repeat(VERSION_DIGITS))) {
            for (var entry : entries) {
                if (!entry.equals(program)) {
                    Files.deleteIfExists(entry);
                }
            }
        }
    }

    private static String lastWords(Path log) throws IOException {
        var words = new String(new ConsoleFile(log).last(LAST_WORDS_BYTES), UTF_8).stripTrailing();
        return words.substring(words.lastIndexOf('\n') + 1);
    }
}
