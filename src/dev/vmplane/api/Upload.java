package dev.vmplane.api;

import dev.vmplane.model.Refusal;
import dev.vmplane.model.Time;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.file.AsyncFile;
import io.vertx.core.file.OpenOptions;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.util.UUID;

/**
 * Puts bodies that are too large for memory into files, as they come: no faster than the disk takes them, and no more than
 * one may have. What does not come whole is removed. Belongs to one event loop.
 */
final class Upload {
    private static final int AT_ONCE = 4;
    private static final Duration LIMIT = Duration.ofHours(1);

    private final Vertx vertx;
    private final Time time;
    private final Uploads settings;
    private int underWay;

    Upload(Vertx vertx, Time time, Uploads settings) {
        this.vertx = vertx;
        this.time = time;
        this.settings = settings;
    }

    /** The name of the file that the body of {@code request} is in, in the folder for that; somebody is to remove it. */
    Future<String> take(HttpServerRequest request) {
        var announced = request.getHeader("content-length");
        if (announced != null && announced.matches("[0-9]{1,18}") && Long.parseLong(announced) > settings.maxBytes()) {
            return Future.failedFuture(tooLarge());
        }
        if (underWay >= AT_ONCE) {
            return Future.failedFuture(new Refusal(
                            Refusal.Kind.BUSY,
                            "too_many_uploads",
                            null,
                            "the body cannot be taken now: " + AT_ONCE + " others are on their way")
                    .asException());
        }
        underWay++;
        request.pause();
        var name = UUID.randomUUID() + ".tar";
        return vertx.fileSystem()
                .mkdirs(settings.folder().toString())
                .compose(made -> vertx.fileSystem()
                        .open(
                                path(name),
                                new OpenOptions()
                                        .setCreateNew(true)
                                        .setWrite(true)
                                        .setPerms("rw-------")))
                .compose(file -> write(request, file))
                .onComplete(done -> underWay--)
                .onFailure(cause -> forget(name))
                .map(written -> name);
    }

    private Future<Void> write(HttpServerRequest request, AsyncFile file) {
        var whole = Promise.<Void>promise();
        var writing = new Writing(request, file, whole);
        var alarm = time.after(LIMIT, () -> whole.tryFail(tooSlow()));
        request.exceptionHandler(whole::tryFail);
        request.response().closeHandler(gone -> whole.tryFail("the client is gone"));
        file.exceptionHandler(whole::tryFail);
        request.handler(writing::take);
        request.endHandler(end -> whole.tryComplete());
        request.resume();
        return whole.future()
                .onComplete(done -> {
                    alarm.cancel();
                    request.handler(ignored -> {});
                })
                .eventually(() -> file.close());
    }

    /** One body on its way. */
    private final class Writing {
        private final HttpServerRequest request;
        private final AsyncFile file;
        private final Promise<Void> whole;
        private long bytes;

        private Writing(HttpServerRequest request, AsyncFile file, Promise<Void> whole) {
            this.request = request;
            this.file = file;
            this.whole = whole;
        }

        private void take(Buffer part) {
            bytes += part.length();
            if (bytes > settings.maxBytes()) {
                whole.tryFail(tooLarge());
                return;
            }
            file.write(part).onFailure(whole::tryFail);
            if (file.writeQueueFull()) {
                request.pause();
                file.drainHandler(drained -> request.resume());
            }
        }
    }

    /** Removes a file that nobody takes over. */
    void forget(String name) {
        vertx.fileSystem().delete(path(name));
    }

    private String path(String name) {
        return settings.folder().resolve(name).toString();
    }

    private Throwable tooLarge() {
        return Refusal.invalid(
                        "image_too_large",
                        null,
                        "the body cannot be larger than " + settings.maxBytes() / 1024 / 1024 + " MiB")
                .asException();
    }

    private static Throwable tooSlow() {
        return new Refusal(
                        Refusal.Kind.BAD_INPUT,
                        "body_too_slow",
                        null,
                        "the body cannot take longer than " + LIMIT.toMinutes() + " minutes")
                .asException();
    }
}
