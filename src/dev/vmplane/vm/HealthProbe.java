package dev.vmplane.vm;

import dev.vmplane.model.Health;
import dev.vmplane.model.Time;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.ConnectOptions;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.NetSocket;
import java.time.Duration;

/** Asks guests from outside whether they do their work. No connection is kept: a quiet VM holds no descriptor. */
public final class HealthProbe {
    /** Guests answer on addresses of their own, so this bounds checks under way per guest. */
    private static final int CHECKS_A_GUEST = 2;

    private static final int MAX_HEADER_BYTES = 16 * 1024;

    /**
     * How long an accepted connection must stay open. QEMU's user network accepts for a guest before it has asked it, and
     * hangs up as soon as the guest refuses.
     */
    private static final Duration TCP_SETTLE = Duration.ofMillis(200);

    private final HttpClientAgent http;
    private final NetClient tcp;
    private final Time time;

    public HealthProbe(Vertx vertx, Time time) {
        this.time = time;
        this.http = vertx.httpClientBuilder()
                .with(new HttpClientOptions()
                        .setKeepAlive(false)
                        .setMaxHeaderSize(MAX_HEADER_BYTES)
                        .setDecoderInitialBufferSize(512))
                .with(new PoolOptions().setHttp1MaxSize(CHECKS_A_GUEST).setMaxWaitQueueSize(0))
                .withConnectHandler(connection -> connection.exceptionHandler(HealthProbe::unheard))
                .build();
        this.tcp = vertx.createNetClient(new NetClientOptions());
    }

    /** Whether the guest at {@code address} passed. Never fails. */
    public Future<Boolean> passes(Health health, String address) {
        return switch (health.kind()) {
            case NONE -> Future.succeededFuture(true);
            case HTTP -> http(health, address);
            case TCP -> tcp(health, address);
        };
    }

    private Future<Boolean> http(Health health, String address) {
        var options = new RequestOptions()
                .setMethod(HttpMethod.GET)
                .setHost(address)
                .setPort(health.port())
                .setURI(health.path())
                .setConnectTimeout(health.timeout().toMillis())
                .setTimeout(health.timeout().toMillis());
        return http.request(options)
                .map(request -> request.exceptionHandler(HealthProbe::unheard))
                .compose(request -> request.send().map(response -> {
                    // The status is all that counts; the body, of whatever length, is not read.
                    request.connection().close();
                    return response.statusCode() >= 200 && response.statusCode() < 400;
                }))
                .otherwise(false);
    }

    /** A guest that hangs up has answered: left unhandled, the client would log each time as an error. */
    private static void unheard(Throwable hungUp) {}

    private Future<Boolean> tcp(Health health, String address) {
        var verdict = Promise.<Boolean>promise();
        var limit = time.after(health.timeout(), () -> verdict.tryComplete(false));
        var target = new ConnectOptions()
                .setHost(address)
                .setPort(health.port())
                .setTimeout(Math.toIntExact(health.timeout().toMillis()));
        tcp.connect(target)
                .onSuccess(socket -> settle(socket, health.timeout(), verdict))
                .onFailure(refused -> verdict.tryComplete(false));
        return verdict.future().onComplete(done -> limit.cancel());
    }

    private void settle(NetSocket socket, Duration timeout, Promise<Boolean> verdict) {
        // A check must be able to pass within its timeout, however short that is.
        var half = timeout.dividedBy(2);
        var settle = half.compareTo(TCP_SETTLE) < 0 ? half : TCP_SETTLE;
        socket.handler(data -> verdict.tryComplete(true));
        socket.closeHandler(closed -> verdict.tryComplete(false));
        socket.exceptionHandler(broken -> verdict.tryComplete(false));
        time.after(settle, () -> verdict.tryComplete(true));
        verdict.future().onComplete(done -> socket.close());
    }
}
