package dev.vmplane.ingress;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.NetSocket;

/**
 * One WebSocket: the handshake is passed on as it is, and once the microVM agrees, bytes flow both ways at the pace of
 * the slower side. When either side closes, so does the other.
 */
final class Tunnel {
    static final int SWITCHING_PROTOCOLS = 101;

    private final HttpServerRequest request;
    private final HttpClientRequest outgoing;

    Tunnel(HttpServerRequest request, HttpClientRequest outgoing) {
        this.request = request;
        this.outgoing = outgoing;
    }

    /** Completes when the tunnel has closed, or the microVM's refusal was passed on. */
    Future<Void> open() {
        outgoing.headers().setAll(request.headers());
        Headers.dropOneHop(outgoing.headers());
        Headers.introduce(outgoing.headers(), request.remoteAddress().hostAddress(), request.getHeader("host"));
        outgoing.headers().set("connection", "upgrade").set("upgrade", "websocket");
        return outgoing.connect()
                .map(HttpClientResponse::pause)
                .compose(answer -> answer.statusCode() == SWITCHING_PROTOCOLS ? join(answer) : refuse(answer));
    }

    private Future<Void> join(HttpClientResponse answer) {
        request.response().headers().setAll(answer.headers());
        return request.toNetSocket().compose(front -> join(front, answer.netSocket()));
    }

    private Future<Void> join(NetSocket front, NetSocket back) {
        Promise<Void> over = Promise.promise();
        front.pipeTo(back).onComplete(ended -> over.tryComplete());
        back.pipeTo(front).onComplete(ended -> over.tryComplete());
        return over.future()
                .eventually(front::close)
                .eventually(() -> outgoing.connection().close());
    }

    private Future<Void> refuse(HttpClientResponse answer) {
        var response = request.response().setStatusCode(answer.statusCode());
        response.headers().setAll(answer.headers());
        Headers.dropOneHop(response.headers());
        return answer.pipeTo(response);
    }
}
