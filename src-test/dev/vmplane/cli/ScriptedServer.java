package dev.vmplane.cli;

import dev.vmplane.Await;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** Answers as it has been told, and keeps what it was asked. What it was not told of is 404. */
final class ScriptedServer implements AutoCloseable {
    private final Vertx vertx = Vertx.vertx();
    private final Map<String, Deque<Handler<HttpServerRequest>>> script = new ConcurrentHashMap<>();
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private final HttpServer server;

    ScriptedServer() {
        server = Await.of(vertx.createHttpServer().requestHandler(this::answer).listen(0, "127.0.0.1"));
    }

    String url() {
        return "http://127.0.0.1:" + server.actualPort();
    }

    int port() {
        return server.actualPort();
    }

    /** Told several times, it answers in this order and then goes on with the last. */
    ScriptedServer answers(String request, int status, String body) {
        return handles(
                request,
                asked -> asked.response()
                        .setStatusCode(status)
                        .putHeader("content-type", status < 400 ? "application/json" : "application/problem+json")
                        .end(body.replace('\'', '"')));
    }

    ScriptedServer refuses(String request, int status, String code, String detail) {
        return answers(request, status, "{'status':" + status + ",'code':'" + code + "','detail':'" + detail + "'}");
    }

    ScriptedServer handles(String request, Handler<HttpServerRequest> handler) {
        script.computeIfAbsent(request, first -> new ArrayDeque<>()).add(handler);
        return this;
    }

    /** Requests so far, such as {@code POST /images {"image":"web"}}. */
    List<String> asked() {
        return asked;
    }

    private void answer(HttpServerRequest request) {
        var line = request.method() + " " + request.uri();
        var handlers = script.get(line);
        if (request.headers().contains("upgrade")) {
            asked.add(line);
            next(handlers).handle(request);
            return;
        }
        request.body().onSuccess(body -> {
            asked.add(body.length() == 0 ? line : line + " " + body);
            if (handlers == null) {
                request.response()
                        .setStatusCode(404)
                        .end("{\"status\":404,\"code\":\"no_such_path\",\"detail\":\"there is no " + line + "\"}");
            } else {
                next(handlers).handle(request);
            }
        });
    }

    private static Handler<HttpServerRequest> next(Deque<Handler<HttpServerRequest>> handlers) {
        synchronized (handlers) {
            return handlers.size() > 1 ? handlers.remove() : handlers.peek();
        }
    }

    @Override
    public void close() {
        Await.of(vertx.close());
    }
}
