package dev.vmplane.api;

import dev.vmplane.bus.Address;
import dev.vmplane.bus.Bus;
import dev.vmplane.model.Changes;
import dev.vmplane.model.Image;
import dev.vmplane.model.ImageView;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.Time;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Requests that wait until an image is no longer on its way. Belongs to one event loop. */
final class ImageWaits {
    private static final int MAX_WAITING = 1000;

    private final Bus bus;
    private final Time time;
    /** By the digest of the image that is waited for. */
    private final Map<String, Set<Promise<Void>>> waits = new HashMap<>();

    private int waiting;

    ImageWaits(Bus bus, Time time) {
        this.bus = bus;
        this.time = time;
    }

    Future<Void> listen() {
        return bus.listen(Address.COMMITTED, this::hear);
    }

    /** The image once it is ready or has failed, or as it is when {@code limit} has passed. */
    Future<ImageView> settled(String digest, Duration limit) {
        if (waiting >= MAX_WAITING) {
            return Future.failedFuture(new Refusal(
                            Refusal.Kind.BUSY,
                            "too_many_waiting",
                            "wait",
                            "the request cannot wait: " + MAX_WAITING + " others do already; the image is on its way")
                    .asException());
        }
        waiting++;
        var settled = Promise.<Void>promise();
        waits.computeIfAbsent(digest, first -> new HashSet<>()).add(settled);
        var alarm = time.after(limit, settled::tryComplete);
        // It may have been so before anybody listened.
        get(digest).onComplete(view -> settleUnlessPulling(view.image(), settled), settled::tryFail);
        return settled.future()
                .onComplete(done -> {
                    alarm.cancel();
                    forget(digest, settled);
                })
                .compose(done -> get(digest));
    }

    private Future<ImageView> get(String digest) {
        return bus.ask(Address.STORE_IMAGE_GET, digest);
    }

    private void forget(String digest, Promise<Void> settled) {
        waiting--;
        waits.computeIfPresent(digest, (same, all) -> {
            all.remove(settled);
            return all.isEmpty() ? null : all;
        });
    }

    private void hear(Changes changes) {
        for (var image : changes.images()) {
            for (var settled : List.copyOf(waits.getOrDefault(image.digest(), Set.of()))) {
                settleUnlessPulling(image, settled);
            }
        }
    }

    private static void settleUnlessPulling(Image image, Promise<Void> settled) {
        if (image.state() != Image.State.PULLING) {
            settled.tryComplete();
        }
    }
}
