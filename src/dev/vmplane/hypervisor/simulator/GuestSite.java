package dev.vmplane.hypervisor.simulator;

import io.vertx.core.Handler;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.json.JsonObject;

/**
 * What a simulated guest serves: {@code /} a friendly line, {@code /health}, {@code /env} its environment, {@code
 * /told} what its agent heard, {@code /exit/<n>} which ends it with that status, and {@code /ws}, a WebSocket that says
 * everything back.
 */
final class GuestSite implements Handler<HttpServerRequest> {
    static final HttpServerOptions LIMITS =
            new HttpServerOptions().setIdleTimeout(60).setMaxWebSocketFrameSize(64 * 1024);
    private static final String EXIT = "/exit/";

    private final GuestSettings settings;
    private final SimulatedGuest guest;

    GuestSite(GuestSettings settings, SimulatedGuest guest) {
        this.settings = settings;
        this.guest = guest;
    }

    @Override
    public void handle(HttpServerRequest request) {
        request.pause();
        guest.whenAwake(() -> {
            request.resume();
            answer(request);
        });
    }

    private void answer(HttpServerRequest request) {
        var path = request.path();
        switch (path) {
            case "/" -> say(request, 200, "hello from " + settings.hostname() + ", simulated\n");
            case "/health" -> {
                if (guest.behaviour().unhealthy()) {
                    say(request, 503, "not well\n");
                } else {
                    say(request, 200, "ok\n");
                }
            }
            case "/env" -> {
                request.response().putHeader("content-type", "application/json");
                var env = new JsonObject();
                settings.env().forEach(env::put);
                say(request, 200, env.encode());
            }
            case "/told" -> say(request, 200, guest.told().json().encode());
            case "/ws" -> request.toWebSocket().onSuccess(this::echo);
            default -> {
                if (path.startsWith(EXIT) && path.substring(EXIT.length()).matches("\\d{1,3}")) {
                    var status = Integer.parseInt(path.substring(EXIT.length()));
                    request.response().end("bye\n").onComplete(sent -> guest.exit(status));
                } else {
                    say(request, 404, "not found\n");
                }
            }
        }
    }

    private static void say(HttpServerRequest request, int status, String text) {
        request.response().setStatusCode(status).end(text);
    }

    private void echo(ServerWebSocket socket) {
        socket.textMessageHandler(text -> guest.whenAwake(() -> socket.writeTextMessage(text)));
        socket.binaryMessageHandler(bytes -> guest.whenAwake(() -> socket.writeBinaryMessage(bytes)));
    }
}
