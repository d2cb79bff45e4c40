package dev.vmplane.image;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * How this host gets its images.
 *
 * @param pulls images that are fetched at once
 * @param pullLimit for one image, from its first byte to its root file system
 * @param maxBytes of the layers of one image, as they are fetched
 * @param maxUnpackedBytes of everything in one image, unpacked
 * @param maxFiles in one image
 * @param budgetBytes of everything kept of images; above it, those that nobody uses go, the oldest first
 * @param authFile with the credentials for registries, in Docker's format; null for none
 * @param allowed registries that may have a private address, as they are written in references
 * @param plainHttp registries that are asked without TLS, as they are written in references
 * @param uidBase the first of 65536 users of this host that nobody else is, as whom images are unpacked
 */
public record ImageSettings(
        int pulls,
        Duration pullLimit,
        long maxBytes,
        long maxUnpackedBytes,
        int maxFiles,
        long budgetBytes,
        Path authFile,
        List<String> allowed,
        List<String> plainHttp,
        int uidBase) {

    /** The same, with the credentials that Docker has for the user of {@code environment} when no others are named. */
    public ImageSettings withUsualCredentials(Map<String, String> environment) {
        if (authFile != null) {
            return this;
        }
        var docker = environment.containsKey("DOCKER_CONFIG")
                ? Path.of(environment.get("DOCKER_CONFIG"))
                : Path.of(environment.getOrDefault("HOME", "/"), ".docker");
        return new ImageSettings(
                pulls,
                pullLimit,
                maxBytes,
                maxUnpackedBytes,
                maxFiles,
                budgetBytes,
                docker.resolve("config.json").toAbsolutePath(),
                allowed,
                plainHttp,
                uidBase);
    }
}
