package dev.vmplane.image;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Makes sense of what skopeo prints when it fails: one line of its log, which wraps what a registry, the network or the disk
 * said. What is not known is shown of archives only, without what concerns nobody but this host.
 */
final class SkopeoComplaint {
    private static final Pattern MESSAGE = Pattern.compile("level=fatal msg=\"((?:[^\"\\\\]|\\\\.)*)\"");
    private static final Pattern WRAPPING = Pattern.compile(
            "^(?:Error parsing image name \"[^\"]*\": |Error reading manifest: |Error retrieving [a-z ]*: |[Ii]nitializing source [^ ]*: |"
                    + "[Cc]opying system image from manifest list: |[Pp]inging container registry [^ ]*: |"
                    + "[Rr]eading (?:manifest|blob) [^ ]*(?: in [^ ]*)?: )+");

    /** Addresses may carry a signature that lets whoever has it read. */
    private static final Pattern QUERY = Pattern.compile("\\?[^\\s\"]*");

    private static final Pattern PATH = Pattern.compile("(?<![A-Za-z0-9:/._-])/(?:[^/\\s\":]+/)+[^/\\s\":]*");
    private static final int MAX_SHOWN = 200;

    private SkopeoComplaint() {}

    /** What one of {@code signs} in lower case means. */
    private record Meaning(List<String> signs, boolean refused, String code, String reason) {}

    /**
     * Why {@code complaint} was made.
     *
     * @param source what was asked, for people
     * @param registry its host, or empty
     */
    static ImageTrouble understand(String complaint, String source, String registry) {
        var said = message(complaint);
        var lower = said.toLowerCase(Locale.ROOT) + complaint.toLowerCase(Locale.ROOT);
        for (var meaning : meanings(source, registry)) {
            if (meaning.signs().stream().anyMatch(lower::contains)) {
                return meaning.refused()
                        ? ImageTrouble.refused(meaning.code(), meaning.reason())
                        : ImageTrouble.unavailable(meaning.code(), meaning.reason());
            }
        }
        // A registry decides where it sends whoever asks, and so whose words these are: they are for the operator
        // alone.
        return ImageTrouble.unavailable(
                "image_not_fetched",
                source
                        + (registry.isEmpty()
                                ? " gives: " + shown(said)
                                : " gives an answer that is not understood: see the log"));
    }

    private static List<Meaning> meanings(String source, String registry) {
        return List.of(
                new Meaning(
                        List.of("no space left on device", "disk quota exceeded"),
                        false,
                        "image_disk_full",
                        "the disk of this host is full"),
                new Meaning(
                        List.of("sigxfsz", "file too large", "signal 25"),
                        true,
                        "image_too_large",
                        "a part of it is larger than this host takes, or than its manifest says"),
                new Meaning(
                        List.of(
                                "digest did not match",
                                "does not match expected digest",
                                "manifest does not match provided"),
                        false,
                        "image_wrong_digest",
                        source + " sends something else than its digest says"),
                new Meaning(
                        List.of("server gave http response to https client"),
                        true,
                        "registry_plain_http",
                        "registry " + registry
                                + " speaks HTTP without TLS: name it under images.registries_plain_http if that is meant"),
                new Meaning(
                        List.of("x509:", "tls: "),
                        false,
                        "registry_untrusted",
                        "registry " + registry + " does not show a certificate that this host trusts"),
                new Meaning(
                        List.of("toomanyrequests", "too many requests"),
                        false,
                        "registry_busy",
                        "registry " + registry + " lets this host fetch no more for now"),
                new Meaning(
                        List.of("unauthorized", "authentication required", "denied", "invalid username/password"),
                        true,
                        "image_not_shown",
                        "registry " + registry
                                + " does not show it to this host: is its name right, and are its credentials there?"),
                new Meaning(
                        List.of("manifest unknown", "name unknown", "not found", "status code 404", "no such file"),
                        true,
                        "image_unknown",
                        "there is no such image in " + source),
                new Meaning(
                        List.of(
                                "no such host",
                                "connection refused",
                                "i/o timeout",
                                "network is unreachable",
                                "no route",
                                "connection reset",
                                "deadline exceeded",
                                "server misbehaving",
                                "unexpected eof"),
                        false,
                        "registry_unavailable",
                        "registry " + registry + " does not answer"),
                new Meaning(
                        List.of("no image found in image index", "no image found in manifest list"),
                        true,
                        "image_wrong_platform",
                        "it is not made for " + Manifest.Platform.ofThisHost()));
    }

    static String message(String complaint) {
        var found = MESSAGE.matcher(complaint);
        var last = complaint;
        while (found.find()) {
            last = found.group(1).replace("\\\"", "\"").replace("\\n", " ");
        }
        return WRAPPING.matcher(last.strip()).replaceFirst("");
    }

    /** On one line, without the files of this host and what may let somebody in. */
    static String shown(String said) {
        var text = PATH.matcher(QUERY.matcher(said).replaceAll("")).replaceAll("a file");
        return Words.shown(text.isBlank() ? "no reason" : text.strip(), MAX_SHOWN);
    }
}
