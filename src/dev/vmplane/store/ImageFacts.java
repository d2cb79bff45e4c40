package dev.vmplane.store;

import dev.vmplane.model.Image;
import java.util.LinkedHashMap;
import java.util.Map;

/** What events about images tell. */
final class ImageFacts {
    private ImageFacts() {}

    static Map<String, Object> of(Image image) {
        return Map.of("digest", image.digest());
    }

    static Map<String, Object> pulling(Image image) {
        var facts = new LinkedHashMap<>(of(image));
        if (!image.references().isEmpty()) {
            facts.put("reference", image.references().get(0));
        }
        return facts;
    }

    static Map<String, Object> tagged(Image image, String reference, boolean tagged) {
        return Map.of("digest", image.digest(), "reference", reference, "tagged", tagged);
    }

    static Map<String, Object> progress(Image image) {
        var progress = image.progress();
        return Map.of(
                "digest", image.digest(),
                "bytes", progress.bytes(),
                "all_bytes", progress.of(),
                "layers", progress.layers(),
                "all_layers", progress.ofLayers());
    }

    static Map<String, Object> ready(Image image) {
        return Map.of("digest", image.digest(), "bytes", image.bytes());
    }

    static Map<String, Object> failed(Image image) {
        return Map.of(
                "digest", image.digest(),
                "detail", image.trouble(),
                "failures", image.failures(),
                "next_try", image.nextTry().toString());
    }
}
