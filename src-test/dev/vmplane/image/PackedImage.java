package dev.vmplane.image;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.vmplane.image.Manifest.Platform;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** An image made from nothing but the bytes of its layers, as an OCI layout. */
public final class PackedImage {
    public static final String TAG = "made";

    private final List<byte[]> tars = new ArrayList<>();
    private final JsonObject config = new JsonObject();
    private Platform platform = Platform.ofThisHost();

    /** One more layer on top: an unpacked tar archive. */
    public PackedImage layer(byte[] tar) {
        tars.add(tar);
        return this;
    }

    /** What its configuration says under {@code name}, as in the OCI image configuration. */
    public PackedImage says(String name, Object value) {
        config.put(name, value);
        return this;
    }

    public PackedImage platform(String os, String architecture) {
        platform = new Platform(os, architecture);
        return this;
    }

    /** Writes it as the one image of a new layout. */
    public Path writeTo(Path layout) throws IOException {
        var layers = new JsonArray();
        var diffIds = new JsonArray();
        Files.createDirectories(layout.resolve("blobs/sha256"));
        for (var tar : tars) {
            diffIds.add(Manifest.digestOf(tar));
            layers.add(blob(layout, TarBytes.gzip(tar), "application/vnd.oci.image.layer.v1.tar+gzip"));
        }
        var document = new JsonObject()
                .put("architecture", platform.architecture())
                .put("os", platform.os())
                .put("config", config)
                .put("rootfs", new JsonObject().put("type", "layers").put("diff_ids", diffIds));
        var manifest = new JsonObject()
                .put("schemaVersion", 2)
                .put("mediaType", "application/vnd.oci.image.manifest.v1+json")
                .put(
                        "config",
                        blob(layout, document.encode().getBytes(UTF_8), "application/vnd.oci.image.config.v1+json"))
                .put("layers", layers);
        var index = new JsonObject()
                .put("schemaVersion", 2)
                .put(
                        "manifests",
                        new JsonArray()
                                .add(blob(
                                                layout,
                                                manifest.encode().getBytes(UTF_8),
                                                "application/vnd.oci.image.manifest.v1+json")
                                        .put(
                                                "annotations",
                                                new JsonObject().put("org.opencontainers.image.ref.name", TAG))));
        Files.writeString(layout.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
        Files.writeString(layout.resolve("index.json"), index.encode());
        return layout;
    }

    static JsonObject blob(Path layout, byte[] content, String type) throws IOException {
        var digest = Manifest.digestOf(content);
        Files.write(layout.resolve("blobs/sha256").resolve(digest.substring("sha256:".length())), content);
        return new JsonObject().put("mediaType", type).put("digest", digest).put("size", content.length);
    }

    /** The manifest in a layout that {@link #writeTo} wrote. */
    static JsonObject manifest(Path layout) throws IOException {
        return new JsonObject(Files.readString(
                layout.resolve("blobs/sha256").resolve(digest(layout).substring(7))));
    }

    static String digest(Path layout) throws IOException {
        return new JsonObject(Files.readString(layout.resolve("index.json")))
                .getJsonArray("manifests")
                .getJsonObject(0)
                .getString("digest");
    }
}
