package dev.vmplane.model;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What an image is asked for by, taken apart. The grammar is that of the distribution project
 * (https://github.com/distribution/reference), with the defaults that Docker made usual: no registry means
 * {@code docker.io}, one word there means {@code library/}, and neither tag nor digest means {@code latest}.
 *
 * @param kind where it is looked for
 * @param name registry and repository; or the way an archive is read and its file name, such as {@code oci-archive:a.tar}
 * @param tag null when only the digest or the archive itself says which image is meant
 * @param digest what the name must stand for, or null
 */
public record ImageReference(Kind kind, String name, String tag, String digest) {

    /** Where images come from. */
    public enum Kind {
        /** A registry, asked over the network. */
        REGISTRY,
        /** This host alone: it was loaded here, and no network is ever asked for it. */
        LOCAL,
        /** A file or directory that the operator put into the directory of archives. */
        ARCHIVE
    }

    private static final int MAX_NAME = 255;
    private static final int MAX_TEXT = MAX_NAME + 128 + 73;
    private static final String LOCALHOST = "localhost";
    private static final String HUB = "docker.io";

    private static final String WORD = "[a-z0-9]+(?:(?:\\.|__?|-+)[a-z0-9]+)*";
    private static final String LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?";
    private static final String REGISTRY =
            "(?:" + LABEL + "(?:\\." + LABEL + ")*|\\[[0-9a-fA-F:]{2,45}\\])(?::[0-9]{1,5})?";
    private static final String TAG = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}";
    private static final String DIGEST = "sha256:[0-9a-f]{64}";

    private static final Pattern FORM = Pattern.compile("(?:(?<registry>" + REGISTRY + ")/)?(?<path>" + WORD + "(?:/"
            + WORD + ")*)(?::(?<tag>" + TAG + "))?(?:@(?<digest>" + DIGEST + "))?");

    private static final Pattern ARCHIVE = Pattern.compile("(?<way>docker-archive|oci-archive|oci):"
            + "(?<file>[A-Za-z0-9][A-Za-z0-9._-]{0,127})"
            + "(?::(?<tag>[A-Za-z0-9_][A-Za-z0-9_./:-]{0,254}))?(?:@(?<digest>" + DIGEST + "))?");

    /** What digests look like, which alone say nothing of where to look. */
    private static final Pattern IDENTIFIER = Pattern.compile("(?:sha256:)?[0-9a-f]{64}");

    /**
     * Takes {@code text} apart.
     *
     * @throws RefusedException when it is no reference
     */
    public static ImageReference parse(String text) {
        // Before the patterns see it, which would try a long text in many ways.
        if (text.length() > MAX_TEXT) {
            throw refused(text, "at most " + MAX_NAME + " characters of registry and repository");
        }
        var archive = ARCHIVE.matcher(text);
        if (archive.matches()) {
            return new ImageReference(
                    Kind.ARCHIVE,
                    archive.group("way") + ":" + archive.group("file"),
                    archive.group("tag"),
                    archive.group("digest"));
        }
        var form = FORM.matcher(text);
        if (IDENTIFIER.matcher(text).matches()) {
            throw refused(text, "a name, and a digest only behind it: app@sha256:...");
        }
        if (!form.matches()) {
            throw refused(text, "a name such as nginx:1.27, registry.example.org/team/app:2 or app@sha256:...");
        }
        return ofRegistry(text, form);
    }

    private static ImageReference ofRegistry(String text, Matcher form) {
        var registry = form.group("registry");
        var path = form.group("path");
        if (registry != null && !looksLikeHost(registry)) {
            path = registry + "/" + path;
            registry = null;
        } else if (registry == null && path.startsWith(LOCALHOST + "/")) {
            registry = LOCALHOST;
            path = path.substring(LOCALHOST.length() + 1);
        }
        if (registry == null || registry.equals("index." + HUB)) {
            registry = HUB;
        }
        if (registry.equals(HUB) && path.indexOf('/') < 0) {
            path = "library/" + path;
        }
        var name = registry + "/" + path;
        if (name.length() > MAX_NAME || !path.equals(path.toLowerCase(Locale.ROOT))) {
            throw refused(text, "a repository in lower case, at most " + MAX_NAME + " characters");
        }
        var tag = form.group("tag");
        var digest = form.group("digest");
        var usual = tag == null && digest == null ? "latest" : tag;
        return new ImageReference(registry.equals(LOCALHOST) ? Kind.LOCAL : Kind.REGISTRY, name, usual, digest);
    }

    /** The first word is a registry only if no repository could be called so, as Docker has it. */
    private static boolean looksLikeHost(String word) {
        return word.indexOf('.') >= 0
                || word.indexOf(':') >= 0
                || word.equals(LOCALHOST)
                || !word.equals(word.toLowerCase(Locale.ROOT));
    }

    private static RefusedException refused(String text, String wants) {
        return Refusal.invalid(
                        "bad_image_reference", null, "image cannot be '" + FieldPath.printable(text) + "': " + wants)
                .asException();
    }

    /** The host that is asked, with its port if it has one: only of a {@link Kind#REGISTRY}. */
    public String registry() {
        return name.substring(0, name.indexOf('/'));
    }

    /** The reference in full: what a row is found by. */
    public String text() {
        return digest == null ? tagged() : tagged() + "@" + digest;
    }

    private String tagged() {
        return tag == null ? name : name + ":" + tag;
    }

    /** In full, with the digest of what it was found to mean here. */
    public String pinnedTo(String found) {
        return tagged() + "@" + found;
    }
}
