package dev.vmplane.image;

import dev.vmplane.image.Manifest.Platform;
import dev.vmplane.model.ImageReference;
import java.io.IOException;

/** What registries have for this host: every answer is held to the digest that it was asked for by. Blocks. */
final class Registry {
    private final Skopeo skopeo;
    private final RegistryGuard guard;
    private final ImageSettings settings;

    Registry(Skopeo skopeo, RegistryGuard guard, ImageSettings settings) {
        this.skopeo = skopeo;
        this.guard = guard;
        this.settings = settings;
    }

    /**
     * An image that a registry has.
     *
     * @param digest of its manifest
     */
    record Found(String digest, Manifest manifest, ImageDocument document) {}

    /** What {@code reference} stands for now, for the platform of this host. */
    Found find(ImageReference reference, Stop stop) throws IOException {
        guard.check(reference.registry());
        var asked = reference.digest() == null ? reference.text() : at(reference, reference.digest());
        var document = verified(skopeo.manifest(reference, asked, stop), reference.digest());
        if (Manifest.isIndex(document)) {
            var chosen = Manifest.choose(document, Platform.ofThisHost());
            document = verified(skopeo.manifest(reference, at(reference, chosen), stop), chosen);
        }
        var digest = Manifest.digestOf(document);
        var manifest = Manifest.read(document);
        manifest.refuseMoreThan(settings.maxBytes());
        var config = skopeo.config(reference, at(reference, digest), stop);
        var image = ImageDocument.read(verified(config, manifest.config().digest()));
        image.refuseUnlessFor(Platform.ofThisHost());
        return new Found(digest, manifest, image);
    }

    /** The reference by digest: a tag may have come to mean something else. */
    static String at(ImageReference reference, String digest) {
        return reference.name() + "@" + digest;
    }

    private static byte[] verified(byte[] content, String digest) {
        if (digest != null && !Manifest.digestOf(content).equals(digest)) {
            throw ImageTrouble.unavailable(
                    "image_wrong_digest", "its registry sends something else than the digest " + digest + " says");
        }
        return content;
    }
}
