package dev.vmplane.image;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** A real registry on a loopback port that was free, with a directory of its own; the one that distributions package. */
public final class RegistryServer implements AutoCloseable {
    private static final Pattern LISTENING = Pattern.compile("listening on 127\\.0\\.0\\.1:([0-9]+)");
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private final Path home;
    private final Process process;
    private final int port;

    private RegistryServer(Path home, Process process, int port) {
        this.home = home;
        this.process = process;
        this.port = port;
    }

    public static RegistryServer start(Path home) throws IOException {
        var config = Files.writeString(
                home.resolve("registry.yml"),
                "version: 0.1\nlog: {level: info}\nhttp: {addr: '127.0.0.1:0'}\nstorage: {filesystem: {rootdirectory: '"
                        + home.resolve("storage") + "'}}\n");
        var log = home.resolve("registry.log");
        var process = new ProcessBuilder("docker-registry", "serve", config.toString())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        var deadline = System.nanoTime() + LIMIT.toNanos();
        while (System.nanoTime() < deadline && process.isAlive()) {
            var listening = LISTENING.matcher(Files.readString(log));
            if (listening.find()) {
                return new RegistryServer(home, process, Integer.parseInt(listening.group(1)));
            }
            Thread.onSpinWait();
        }
        process.destroyForcibly();
        throw new IOException("the registry did not start: " + Files.readString(log));
    }

    /** As it is written in references. */
    public String name() {
        return "localhost:" + port;
    }

    /** Takes in one image of the OCI layout {@code layout}. */
    public String push(Path layout, String tag, String repository) throws IOException {
        var reference = name() + "/" + repository;
        run("skopeo", "copy", "-q", "--dest-tls-verify=false", "oci:" + layout + ":" + tag, "docker://" + reference);
        return reference;
    }

    /** Takes in any manifest, as long as the parts it names are there. */
    public int putManifest(String repository, String tag, String type, String document) throws IOException {
        try {
            return HttpClient.newHttpClient()
                    .send(
                            HttpRequest.newBuilder(
                                            URI.create("http://" + name() + "/v2/" + repository + "/manifests/" + tag))
                                    .header("content-type", type)
                                    .PUT(HttpRequest.BodyPublishers.ofString(document))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString())
                    .statusCode();
        } catch (InterruptedException interrupted) {
            throw new IOException(interrupted);
        }
    }

    /** The file in which it keeps the content of that digest. */
    public Path stored(String digest) {
        var hex = digest.substring("sha256:".length());
        return home.resolve("storage/docker/registry/v2/blobs/sha256")
                .resolve(hex.substring(0, 2))
                .resolve(hex)
                .resolve("data");
    }

    static void run(String... command) throws IOException {
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            var said = new String(process.getInputStream().readAllBytes(), UTF_8);
            if (!process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IOException(String.join(" ", command) + ": " + said);
            }
        } catch (InterruptedException interrupted) {
            throw new IOException(interrupted);
        } finally {
            process.destroyForcibly();
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
