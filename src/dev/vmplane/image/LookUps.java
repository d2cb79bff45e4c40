package dev.vmplane.image;

import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.LoadImage;
import dev.vmplane.bus.Address.LookUp;
import dev.vmplane.bus.Address.PutImage;
import dev.vmplane.bus.Bus;
import dev.vmplane.image.Registry.Found;
import dev.vmplane.model.Image;
import dev.vmplane.model.ImageReference;
import dev.vmplane.model.PinnedImage;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import io.vertx.core.Future;
import io.vertx.core.WorkerExecutor;
import java.nio.file.Files;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out what references mean. Those that have a row are known; the registry of others is asked, once for all who want to
 * know at the same time, and the answer becomes a row. Belongs to one event loop.
 */
final class LookUps {
    private static final Logger LOG = LoggerFactory.getLogger(LookUps.class);

    private static final Duration REGISTRY_LIMIT = Duration.ofSeconds(45);
    private static final Duration ARCHIVE_LIMIT = Duration.ofMinutes(10);
    private static final int MAX_UNDER_WAY = 64;

    private final Bus bus;
    private final Pull pull;
    private final ImageFiles files;
    private final WorkerExecutor worker;
    private final Turns turns;
    private final Map<String, Future<PinnedImage>> underWay = new HashMap<>();

    LookUps(Bus bus, Pull pull, ImageFiles files, WorkerExecutor worker, Turns turns) {
        this.bus = bus;
        this.pull = pull;
        this.files = files;
        this.worker = worker;
        this.turns = turns;
    }

    Future<PinnedImage> lookUp(LookUp asked) {
        ImageReference reference;
        try {
            reference = ImageReference.parse(asked.reference());
        } catch (RefusedException malformed) {
            return Future.failedFuture(malformed);
        }
        if (asked.fresh() && reference.kind() != ImageReference.Kind.LOCAL) {
            return unknown(reference);
        }
        return known(reference).recover(cause -> notFound(cause) ? unknown(reference) : Future.failedFuture(cause));
    }

    /** By the digest, if the reference has that of an image that is here, or else by the whole of it. */
    private Future<PinnedImage> known(ImageReference reference) {
        var byName = row(reference.text());
        var row = reference.digest() == null
                ? byName
                : row(reference.digest()).recover(cause -> notFound(cause) ? byName : Future.failedFuture(cause));
        return row.compose(image -> wanted(reference, image))
                .map(image -> new PinnedImage(reference.pinnedTo(image.digest()), image.config()));
    }

    /** One whose fetching has failed is fetched again at once, now that somebody asks for it by its name. */
    private Future<Image> wanted(ImageReference reference, Image image) {
        return switch (image.state()) {
            case PULLING, READY -> Future.succeededFuture(image);
            case DELETING -> Future.failedFuture(going(reference).asException());
            case FAILED ->
                image.references().contains(reference.text())
                        ? bus.ask(
                                Address.STORE_IMAGE_PUT,
                                new PutImage(image.digest(), reference.text(), image.config(), image.progress()))
                        : Future.succeededFuture(image);
        };
    }

    private Future<Image> row(String name) {
        return bus.ask(Address.STORE_IMAGE_GET, name).map(view -> view.image());
    }

    private static boolean notFound(Throwable cause) {
        return cause instanceof RefusedException refused && refused.refusal().kind() == Refusal.Kind.NOT_FOUND;
    }

    private static Refusal going(ImageReference reference) {
        return new Refusal(
                Refusal.Kind.CONFLICT,
                "image_deleting",
                null,
                "image " + reference.text() + " is being deleted: try again when it is gone");
    }

    private Future<PinnedImage> unknown(ImageReference reference) {
        var same = underWay.get(reference.text());
        if (same != null) {
            return same;
        }
        if (underWay.size() >= MAX_UNDER_WAY) {
            return Future.failedFuture(new Refusal(
                            Refusal.Kind.BUSY,
                            "image_lookups_busy",
                            null,
                            "image " + reference.text() + " cannot be looked up: " + MAX_UNDER_WAY + " others are")
                    .asException());
        }
        var asking = find(reference)
                .recover(cause -> Future.failedFuture(refusal(reference.text(), cause)))
                .compose(found -> put(reference, found))
                .map(image -> new PinnedImage(reference.pinnedTo(image.digest()), image.config()));
        underWay.put(reference.text(), asking);
        return asking.onComplete(done -> underWay.remove(reference.text()));
    }

    private Future<Found> find(ImageReference reference) {
        return switch (reference.kind()) {
            case LOCAL ->
                Future.failedFuture(
                        ImageTrouble.refused("image_unknown", "it is not on this host: load it, or build it"));
            case ARCHIVE ->
                turns.together(
                        () -> worker.executeBlocking(() -> pull.take(reference, new Stop(ARCHIVE_LIMIT)), false));
            case REGISTRY -> worker.executeBlocking(() -> pull.find(reference, new Stop(REGISTRY_LIMIT)), false);
        };
    }

    private Future<Image> put(ImageReference reference, Found found) {
        return bus.ask(
                Address.STORE_IMAGE_PUT,
                new PutImage(
                        found.digest(),
                        reference.text(),
                        found.document().config(),
                        found.manifest().size()));
    }

    /** Takes in what somebody sent, and removes the file it came in whatever came of it. */
    Future<Image> load(LoadImage asked) {
        ImageReference reference;
        try {
            reference = ImageReference.parse(asked.reference());
        } catch (RefusedException malformed) {
            return Future.failedFuture(malformed);
        }
        var file = files.incoming().resolve(asked.file());
        if (reference.kind() != ImageReference.Kind.LOCAL || reference.digest() != null) {
            return Future.failedFuture(Refusal.invalid(
                            "bad_image_reference",
                            "name",
                            "image cannot be loaded as " + reference.text() + ": a name such as localhost/app:1")
                    .asException());
        }
        return turns.together(() -> worker.executeBlocking(
                        () -> {
                            try {
                                return pull.take(reference, file, asked.tag(), new Stop(ARCHIVE_LIMIT));
                            } finally {
                                Files.deleteIfExists(file);
                            }
                        },
                        false))
                .recover(cause -> Future.failedFuture(refusal(reference.text(), cause)))
                .compose(found -> put(reference, found));
    }

    private static Throwable refusal(String reference, Throwable cause) {
        if (cause instanceof ImageTrouble trouble) {
            return trouble.refusal("image " + reference + " cannot be had").asException();
        }
        LOG.atError()
                .addKeyValue("image", reference)
                .setCause(cause)
                .log("an image could not be looked up by a defect");
        return cause;
    }
}
