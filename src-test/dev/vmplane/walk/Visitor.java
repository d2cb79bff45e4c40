package dev.vmplane.walk;

import dev.vmplane.Await;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.HostAndPort;
import java.util.List;

/** Somebody with an HTTP client, in front of the two ports of a control plane. */
final class Visitor {
    private final Vertx vertx;
    private final HttpClient client;

    Visitor(Vertx vertx) {
        this.vertx = vertx;
        this.client = vertx.createHttpClient();
    }

    /** What came back. */
    record Reply(int status, String text) {
        /** The body as an object; an empty one when it is none. */
        JsonObject json() {
            return text.startsWith("{") ? new JsonObject(text) : new JsonObject();
        }
    }

    Reply send(HttpMethod method, int port, String host, String path, String body) {
        var options = new RequestOptions()
                .setMethod(method)
                .setHost("127.0.0.1")
                .setPort(port)
                .setURI(path);
        return Await.of(Await.onLoop(
                vertx,
                () -> client.request(options).compose(request -> {
                    request.authority(HostAndPort.authority(host, port));
                    request.putHeader("content-type", "application/json");
                    return request.send(body)
                            .compose(response ->
                                    response.body().map(text -> new Reply(response.statusCode(), text.toString())));
                })));
    }

    /** The first thousand events. */
    List<JsonObject> events(int port) {
        return Await.of(Await.onLoop(
                        vertx,
                        () -> client.request(HttpMethod.GET, port, "127.0.0.1", "/events?limit=1000&since=0")
                                .compose(request -> request.putHeader("accept", "application/json")
                                        .send())
                                .compose(HttpClientResponse::body)))
                .toJsonObject()
                .getJsonArray("items")
                .stream()
                .map(JsonObject.class::cast)
                .toList();
    }
}
