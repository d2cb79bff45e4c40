package dev.vmplane.api;

import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.JobKey;
import dev.vmplane.bus.Address.LookUp;
import dev.vmplane.bus.Bus;
import dev.vmplane.model.ImageReference;
import dev.vmplane.model.PinnedImage;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import io.vertx.core.Future;
import java.time.Duration;

/**
 * Says which image a job gets that asks for one by a reference. What a job has got under a reference it keeps while it asks
 * for the same, whatever has become of the tag, until somebody says that it shall be looked up anew.
 */
final class ImagePins {
    /** A registry may be slow, and an archive large. */
    static final Duration LOOK_UP_LIMIT = Duration.ofSeconds(60);

    private final Bus bus;

    ImagePins(Bus bus) {
        this.bus = bus;
    }

    /**
     * The image for a job; fails with a refusal about {@code field}.
     *
     * @param reference as somebody wrote it
     * @param fresh whether its registry is asked whatever is known
     */
    Future<PinnedImage> pin(String jobId, String reference, boolean fresh, String field) {
        var before = fresh ? Future.succeededFuture(reference) : keptBy(jobId, reference);
        return before.compose(kept -> lookUp(kept, fresh)
                        // What it has may be gone by now, which a tag knows nothing of.
                        .recover(cause ->
                                kept.equals(reference) ? Future.failedFuture(cause) : lookUp(reference, false)))
                .recover(cause -> Future.failedFuture(about(field, cause)));
    }

    Future<PinnedImage> lookUp(String reference, boolean fresh) {
        return bus.ask(Address.IMAGE_LOOK_UP, new LookUp(reference, fresh), LOOK_UP_LIMIT);
    }

    /** What the job has, pinned, if that is what it asks for again; else what it asks for. */
    private Future<String> keptBy(String jobId, String reference) {
        return bus.ask(Address.STORE_JOB_GET, new JobKey(jobId, null))
                .map(view -> view.job().spec().image())
                .map(pinned -> pinned != null && sameName(reference, pinned) ? pinned : reference)
                .recover(cause -> isKind(cause, Refusal.Kind.NOT_FOUND)
                        ? Future.succeededFuture(reference)
                        : Future.failedFuture(cause));
    }

    private static boolean sameName(String reference, String pinned) {
        var asked = ImageReference.parse(reference);
        return asked.digest() == null
                && asked.pinnedTo(PinnedImage.digestOf(pinned)).equals(pinned);
    }

    private static boolean isKind(Throwable cause, Refusal.Kind kind) {
        return cause instanceof RefusedException refused && refused.refusal().kind() == kind;
    }

    /** The same refusal, of the part of the request at fault. */
    static Throwable about(String field, Throwable cause) {
        return cause instanceof RefusedException refused && refused.refusal().field() == null
                ? new Refusal(
                                refused.refusal().kind(),
                                refused.refusal().code(),
                                field,
                                refused.refusal().message())
                        .asException()
                : cause;
    }
}
