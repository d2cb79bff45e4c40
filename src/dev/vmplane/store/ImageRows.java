package dev.vmplane.store;

import dev.vmplane.model.Image;
import dev.vmplane.model.ImageConfig;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;

/** Images to rows and back, as {@link Rows} does with all else. */
final class ImageRows {
    private ImageRows() {}

    static Tuple of(Image image) {
        var progress = image.progress();
        return Tuple.tuple(Arrays.asList(
                image.digest(),
                new JsonArray(image.references()).encode(),
                json(image.config()).encode(),
                image.state().name(),
                progress.bytes(),
                progress.of(),
                progress.layers(),
                progress.ofLayers(),
                image.bytes(),
                image.trouble(),
                image.failures(),
                Rows.millis(image.nextTry()),
                image.node(),
                Rows.millis(image.createdAt())));
    }

    static Image image(Row row) {
        return new Image(
                row.getString("digest"),
                texts(new JsonArray(row.getString("names"))),
                config(new JsonObject(row.getString("config"))),
                Image.State.valueOf(row.getString("state")),
                new Image.Progress(
                        row.getLong("fetched_bytes"),
                        row.getLong("all_bytes"),
                        row.getInteger("fetched_layers"),
                        row.getInteger("all_layers")),
                row.getLong("bytes"),
                row.getString("trouble"),
                row.getInteger("failures"),
                Rows.instant(row, "next_try"),
                row.getString("node"),
                Rows.instant(row, "created_at"));
    }

    private static JsonObject json(ImageConfig config) {
        var env = new JsonObject();
        config.env().forEach(env::put);
        return new JsonObject()
                .put("entrypoint", new JsonArray(config.entrypoint()))
                .put("cmd", new JsonArray(config.cmd()))
                .put("env", env)
                .put("workdir", config.workdir())
                .put("user", config.user())
                .put("stop_signal", config.stopSignal())
                .put("exposed_ports", new JsonArray(config.exposedPorts()));
    }

    private static ImageConfig config(JsonObject json) {
        var env = new LinkedHashMap<String, String>();
        json.getJsonObject("env").forEach(variable -> env.put(variable.getKey(), (String) variable.getValue()));
        return new ImageConfig(
                texts(json.getJsonArray("entrypoint")),
                texts(json.getJsonArray("cmd")),
                env,
                json.getString("workdir"),
                json.getString("user"),
                json.getString("stop_signal"),
                json.getJsonArray("exposed_ports").stream()
                        .map(port -> ((Number) port).intValue())
                        .toList());
    }

    private static List<String> texts(JsonArray array) {
        return array.stream().map(String.class::cast).toList();
    }
}
