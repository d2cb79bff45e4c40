package dev.vmplane.image;

import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.ImageMoved;
import dev.vmplane.bus.Bus;
import dev.vmplane.model.Image;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import dev.vmplane.model.Time;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.WorkerExecutor;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The pulls that go on, one for each image, and as many at once as the worker has threads. Tells the store how far they are,
 * and what they have come to. Belongs to one event loop.
 */
final class Pulls {
    private static final Logger LOG = LoggerFactory.getLogger(Pulls.class);

    private static final Duration BETWEEN_NEWS = Duration.ofSeconds(1);
    private static final Duration RETRY = Duration.ofSeconds(5);
    private static final int MAX_HOPELESS = 1000;

    private final Bus bus;
    private final Time time;
    private final Pull pull;
    private final WorkerExecutor worker;
    private final Duration limit;
    private final Turns turns;
    private final Map<String, UnderWay> underWay = new HashMap<>();

    /** Why images will never be ready whose parts are all here: what has a digest does not change. */
    private final Map<String, ImageTrouble> hopeless = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, ImageTrouble> eldest) {
            return size() > MAX_HOPELESS;
        }
    };

    private boolean stopped;

    Pulls(Bus bus, Time time, Pull pull, WorkerExecutor worker, Duration limit, Turns turns) {
        this.bus = bus;
        this.time = time;
        this.pull = pull;
        this.worker = worker;
        this.limit = limit;
        this.turns = turns;
    }

    /** One pull from the moment it is wanted until the store has heard what came of it. */
    private static final class UnderWay {
        private final Image image;
        private Future<Void> ended = Future.succeededFuture();
        /** It is told to stop on the event loop, and looks whether it was on its own thread. */
        private final Stop stop;

        private boolean unwanted;
        private Time.Alarm nextNews = () -> {};
        private boolean telling;
        private Image.Progress told;
        private volatile Image.Progress progress;

        private UnderWay(Image image, Stop stop) {
            this.image = image;
            this.stop = stop;
            this.told = image.progress();
            this.progress = image.progress();
        }
    }

    /** Gets {@code image}, unless somebody does already. */
    void want(Image image) {
        if (stopped || underWay.containsKey(image.digest())) {
            return;
        }
        var pulling = new UnderWay(image, new Stop(limit));
        underWay.put(image.digest(), pulling);
        pulling.ended = turns.together(() -> start(pulling))
                .map(made -> new ImageMoved(image.digest(), Image.State.READY, made.progress(), made.bytes(), null))
                .recover(cause -> Future.succeededFuture(failed(pulling, cause)))
                .onComplete(decided -> pulling.nextNews.cancel())
                .compose(moved -> tell(pulling, moved))
                .onComplete(told -> underWay.remove(image.digest()));
    }

    private Future<Pull.Made> start(UnderWay pulling) {
        if (stopped || pulling.unwanted) {
            return Future.failedFuture(ImageTrouble.unavailable("image_not_wanted", "nobody wants it any more"));
        }
        var known = hopeless.get(pulling.image.digest());
        if (known != null) {
            return Future.failedFuture(known);
        }
        newsLater(pulling);
        return worker.executeBlocking(() -> make(pulling), false);
    }

    /** On a thread of the worker, of which there are as many as pulls may go on. */
    private Pull.Made make(UnderWay pulling) throws IOException {
        pulling.stop.begin();
        return pull.make(pulling.image, progress -> pulling.progress = progress, pulling.stop);
    }

    private void newsLater(UnderWay pulling) {
        pulling.nextNews = time.after(BETWEEN_NEWS, () -> news(pulling));
    }

    private void news(UnderWay pulling) {
        newsLater(pulling);
        var progress = pulling.progress;
        if (pulling.telling || progress.equals(pulling.told)) {
            return;
        }
        pulling.telling = true;
        pulling.told = progress;
        bus.ask(
                        Address.STORE_IMAGE_MOVED,
                        new ImageMoved(pulling.image.digest(), Image.State.PULLING, progress, 0, null))
                .onComplete(told -> pulling.telling = false);
    }

    private ImageMoved failed(UnderWay pulling, Throwable cause) {
        var digest = pulling.image.digest();
        var trouble = cause instanceof ImageTrouble known ? known : defect(digest, cause);
        if (trouble.permanent()) {
            hopeless.put(digest, trouble);
        }
        return new ImageMoved(digest, Image.State.FAILED, pulling.progress, 0, trouble.getMessage());
    }

    private static ImageTrouble defect(String digest, Throwable cause) {
        LOG.atError().addKeyValue("image", digest).setCause(cause).log("an image could not be fetched by a defect");
        return ImageTrouble.unavailable("internal", "internal error, see the log");
    }

    /** Until the store has taken it; a row that is to go wants no news. */
    private Future<Void> tell(UnderWay pulling, ImageMoved moved) {
        if (stopped || pulling.unwanted) {
            return Future.succeededFuture();
        }
        (moved.state() == Image.State.READY ? LOG.atInfo() : LOG.atWarn())
                .addKeyValue("image", moved.digest())
                .addKeyValue("to", moved.state())
                .addKeyValue("error", moved.trouble())
                .log("image changed state");
        var told = Promise.<Void>promise();
        tellUntilTaken(pulling, moved, told);
        return told.future();
    }

    private void tellUntilTaken(UnderWay pulling, ImageMoved moved, Promise<Void> told) {
        bus.ask(Address.STORE_IMAGE_MOVED, moved).onComplete(taken -> told.complete(), cause -> {
            if (stopped || pulling.unwanted || refused(cause)) {
                told.complete();
            } else {
                time.after(RETRY, () -> tellUntilTaken(pulling, moved, told));
            }
        });
    }

    private static boolean refused(Throwable cause) {
        return cause instanceof RefusedException refused
                && refused.refusal().kind() != Refusal.Kind.UNAVAILABLE
                && refused.refusal().kind() != Refusal.Kind.BUSY;
    }

    /** Nobody wants the image any more; completes when nothing is done for it. */
    Future<Void> end(String digest) {
        hopeless.remove(digest);
        var pulling = underWay.get(digest);
        if (pulling == null) {
            return Future.succeededFuture();
        }
        pulling.unwanted = true;
        pulling.stop.tell();
        return pulling.ended.otherwiseEmpty();
    }

    /** Ends all of them, and starts no other; their rows stay as they are. */
    Future<Void> stop() {
        stopped = true;
        var ends = new ArrayList<Future<Void>>();
        List.copyOf(underWay.keySet()).forEach(digest -> ends.add(end(digest)));
        return Future.join(ends).mapEmpty();
    }
}
