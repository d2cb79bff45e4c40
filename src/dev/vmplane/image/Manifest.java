package dev.vmplane.image;

import dev.vmplane.model.Image;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What an image is made of, as its OCI or Docker manifest says.
 *
 * @param config where its configuration is found
 * @param layers from the lowest to the uppermost
 */
record Manifest(Part config, List<Part> layers) {
    /** Real ones have some kilobytes. */
    static final int MAX_BYTES = 4 * 1024 * 1024;

    private static final int MAX_LAYERS = 512;
    private static final int MAX_PLATFORMS = 512;
    private static final Pattern DIGEST = Pattern.compile("sha256:[0-9a-f]{64}");
    private static final Set<String> CONFIGS =
            Set.of("application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json");
    private static final String NO_OBJECT = "what should be its manifest is not a JSON object";
    private static final String GZIP = "gzip";

    /** However they are packed, they are packed with gzip once they are here. */
    private static final Set<String> LAYERS = Set.of(
            "application/vnd.oci.image.layer.v1.tar",
            "application/vnd.oci.image.layer.v1.tar+gzip",
            "application/vnd.oci.image.layer.v1.tar+zstd",
            "application/vnd.docker.image.rootfs.diff.tar",
            "application/vnd.docker.image.rootfs.diff.tar.gzip",
            "application/vnd.docker.image.rootfs.diff.tar.zstd");

    /**
     * One content, by its digest.
     *
     * @param bytes as long as it is said to be
     */
    record Part(String type, String digest, long bytes) {
        boolean gzip() {
            return type.endsWith(GZIP);
        }

        String hex() {
            return digest.substring(digest.indexOf(':') + 1);
        }
    }

    /** {@code linux/amd64} and the like. */
    record Platform(String os, String architecture) {
        /** What this host runs, by the name that Go has for it, and so registries. */
        static Platform ofThisHost() {
            var architecture = System.getProperty("os.arch");
            return new Platform(
                    "linux",
                    switch (architecture) {
                        case "x86_64" -> "amd64";
                        case "aarch64" -> "arm64";
                        default -> architecture;
                    });
        }

        @Override
        public String toString() {
            return os + "/" + architecture;
        }
    }

    /** Whether {@code document} lists images for several platforms, instead of being one. */
    static boolean isIndex(byte[] document) {
        return json(document).getValue("manifests") instanceof JsonArray;
    }

    /** The digest of the image for {@code wanted} among those that an index lists. */
    static String choose(byte[] index, Platform wanted) {
        var manifests = objects(json(index), "manifests", MAX_PLATFORMS);
        var offered = new ArrayList<String>();
        for (var manifest : manifests) {
            var platform = manifest.getValue("platform") instanceof JsonObject said ? said : new JsonObject();
            var found = new Platform(text(platform, "os", ""), text(platform, "architecture", ""));
            if (found.equals(wanted)) {
                return part(manifest).digest();
            }
            offered.add(shown(found.toString()));
        }
        throw ImageTrouble.bad(
                "image_wrong_platform",
                "it is made for "
                        + (offered.isEmpty()
                                ? "no platform"
                                : String.join(", ", offered.subList(0, Math.min(8, offered.size()))))
                        + ", and this host runs " + wanted);
    }

    /** Reads a manifest of one image. */
    static Manifest read(byte[] document) {
        var json = json(document);
        if (json.getValue("manifests") instanceof JsonArray) {
            throw ImageTrouble.bad("image_malformed", "its index lists another index");
        }
        if (!Integer.valueOf(2).equals(json.getValue("schemaVersion"))
                || !(json.getValue("config") instanceof JsonObject)) {
            throw ImageTrouble.bad("image_malformed", "its manifest is of a format from before 2016: push it again");
        }
        var config = part(json.getJsonObject("config"));
        var layers = new ArrayList<Part>();
        for (var layer : objects(json, "layers", MAX_LAYERS)) {
            if (layer.containsKey("urls")) {
                throw ImageTrouble.bad("image_foreign_layer", "one of its layers is to be fetched from somewhere else");
            }
            layers.add(part(layer));
        }
        if (!CONFIGS.contains(config.type())) {
            throw ImageTrouble.bad("image_malformed", "it holds no image but " + shown(config.type()));
        }
        layers.stream()
                .filter(layer -> !LAYERS.contains(layer.type()))
                .findFirst()
                .ifPresent(odd -> {
                    throw ImageTrouble.bad(
                            "image_unknown_layer", "one of its layers is of the type " + shown(odd.type()));
                });
        return new Manifest(config, List.copyOf(layers));
    }

    /** What is to be fetched, and that nothing of it is here yet. */
    Image.Progress size() {
        return new Image.Progress(0, bytes(), 0, layers.size());
    }

    long bytes() {
        return layers.stream().mapToLong(Part::bytes).sum();
    }

    void refuseMoreThan(long maxBytes) {
        if (config.bytes() > MAX_BYTES) {
            throw ImageTrouble.bad("image_too_large", "its configuration has " + config.bytes() + " bytes");
        }
        if (bytes() > maxBytes) {
            throw ImageTrouble.bad(
                    "image_too_large",
                    "its layers have " + Sizes.text(bytes()) + ", and this host takes " + Sizes.text(maxBytes));
        }
    }

    /** {@code sha256:} and the digest of {@code content}. */
    static String digestOf(byte[] content) {
        return "sha256:" + HexFormat.of().formatHex(sha256().digest(content));
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException everyJavaHasIt) {
            throw new IllegalStateException(everyJavaHasIt);
        }
    }

    static JsonObject json(byte[] document) {
        try {
            var json = new JsonObject(Buffer.buffer(document));
            if (json.getMap() != null) {
                return json;
            }
        } catch (DecodeException | ClassCastException malformed) {
            throw ImageTrouble.bad("image_malformed", NO_OBJECT);
        }
        throw ImageTrouble.bad("image_malformed", NO_OBJECT);
    }

    private static List<JsonObject> objects(JsonObject json, String name, int most) {
        if (!(json.getValue(name) instanceof JsonArray items)) {
            throw ImageTrouble.bad("image_malformed", "its manifest has no " + name);
        }
        if (items.size() > most) {
            throw ImageTrouble.bad("image_malformed", "its manifest has " + items.size() + " " + name);
        }
        var objects = new ArrayList<JsonObject>();
        for (var item : items) {
            if (!(item instanceof JsonObject object)) {
                throw ImageTrouble.bad("image_malformed", "its manifest has " + name + " that are no objects");
            }
            objects.add(object);
        }
        return objects;
    }

    private static Part part(JsonObject json) {
        var digest = text(json, "digest", "");
        var size = json.getValue("size") instanceof Number number ? number.longValue() : -1;
        if (!DIGEST.matcher(digest).matches() || size < 0 || size > 1L << 50) {
            throw ImageTrouble.bad("image_malformed", "its manifest has a part without a SHA-256 digest and a size");
        }
        return new Part(text(json, "mediaType", ""), digest, size);
    }

    static String text(JsonObject json, String name, String fallback) {
        return json.getValue(name) instanceof String text ? text : fallback;
    }

    /** What a stranger wrote made fit for a message. */
    static String shown(String text) {
        return Words.shown(text, 80);
    }
}
