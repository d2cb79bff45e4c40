package dev.vmplane.store;

import dev.vmplane.bus.Address.ImageMoved;
import dev.vmplane.bus.Address.PutImage;
import dev.vmplane.bus.Address.PutJob;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.EventType;
import dev.vmplane.model.Image;
import dev.vmplane.model.ImageView;
import dev.vmplane.model.Refusal;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The rules about images. Every image that a job names or a VM boots from has a row that does not say that it is to go; a
 * name belongs to one image at a time; and what an attempt to fetch one has come to is believed until the row is to go.
 */
public final class Images {
    private static final int MAX_REFERENCES = 256;
    private static final int MAX_TROUBLE = 500;

    private final Overlay rows;
    private final Rules rules;
    private final Instant now;

    Images(Overlay rows, Rules rules, Instant now) {
        this.rows = rows;
        this.rules = rules;
        this.now = now;
    }

    /** Refuses a wish for an image that is not known here, or about to go. */
    void refuseMisfits(PutJob put) {
        put.spec().boot().image().ifPresent(digest -> {
            var known = rows.image(digest);
            if (known == null) {
                throw Draft.conflict(
                        "image_unknown", "image " + digest + " is not known to this host: ask for it by its name");
            }
            refuseIfDeleting(known);
        });
    }

    /** Whether a VM of the job can boot. */
    boolean ready(DesiredVm job) {
        var digest = job.spec().boot().image();
        return digest.isEmpty()
                || Optional.ofNullable(rows.image(digest.get()))
                        .filter(image -> image.state() == Image.State.READY)
                        .isPresent();
    }

    /**
     * An image is wanted under a reference, which is from now on this image's and nobody else's. One whose fetching has
     * failed is fetched again.
     */
    public Image put(PutImage put) {
        var known = rows.image(put.digest());
        if (known == null) {
            takeName(put.reference());
            var image = new Image(
                    put.digest(),
                    List.of(put.reference()),
                    put.config(),
                    Image.State.PULLING,
                    put.size(),
                    0,
                    null,
                    0,
                    null,
                    rules.node(),
                    now);
            rows.put(image);
            rows.tellOfImage(EventType.IMAGE_PULLING, ImageFacts.pulling(image));
            return image;
        }
        refuseIfDeleting(known);
        var named = called(known, put.reference());
        return named.state() == Image.State.FAILED ? pull(named, named.progress()) : named;
    }

    private Image called(Image image, String reference) {
        if (image.references().contains(reference)) {
            return image;
        }
        if (image.references().size() >= MAX_REFERENCES) {
            throw Draft.conflict(
                    "too_many_names",
                    "image " + image.digest() + " cannot be called " + reference + ": it has " + MAX_REFERENCES
                            + " names, take one from it first");
        }
        takeName(reference);
        var named = withNames(
                image,
                Stream.concat(image.references().stream(), Stream.of(reference))
                        .sorted()
                        .toList());
        rows.put(named);
        rows.tellOfImage(EventType.IMAGE_TAGGED, ImageFacts.tagged(named, reference, true));
        return named;
    }

    /** Takes a name from whichever image has it. */
    private void takeName(String reference) {
        var former = rows.imageNamed(reference);
        if (former != null) {
            unname(former, reference);
        }
    }

    /** Somebody wants an image not to be called so any more. */
    public Image untag(String reference) {
        var image = rows.imageNamed(reference);
        if (image == null) {
            throw notFound(reference);
        }
        return unname(image, reference);
    }

    private Image unname(Image image, String reference) {
        var left = withNames(
                image,
                image.references().stream()
                        .filter(name -> !name.equals(reference))
                        .toList());
        rows.put(left);
        rows.tellOfImage(EventType.IMAGE_TAGGED, ImageFacts.tagged(left, reference, false));
        return left;
    }

    /** A fact from whoever fetches. */
    public Image moved(ImageMoved moved) {
        var image = rows.image(moved.digest());
        if (image == null) {
            throw notFound(moved.digest());
        }
        refuseIfDeleting(image);
        return switch (moved.state()) {
            case PULLING ->
                image.state() == Image.State.PULLING
                        ? progressed(image, moved.progress())
                        : pull(image, moved.progress());
            case READY -> ready(image, moved);
            case FAILED -> failed(image, moved);
            case DELETING ->
                throw new IllegalArgumentException(
                        "image " + image.digest() + " cannot be told to go: whoever wants that asks for it");
        };
    }

    /** How often it has failed, and why, is remembered until it is there. */
    private Image pull(Image image, Image.Progress progress) {
        var pulling = with(image, Image.State.PULLING, progress, 0, image.trouble(), image.failures(), null);
        rows.put(pulling);
        rows.tellOfImage(EventType.IMAGE_PULLING, ImageFacts.pulling(pulling));
        return pulling;
    }

    private Image progressed(Image image, Image.Progress progress) {
        if (image.progress().equals(progress)) {
            return image;
        }
        var further = with(image, Image.State.PULLING, progress, 0, image.trouble(), image.failures(), null);
        rows.put(further);
        rows.tellOfImage(EventType.IMAGE_PROGRESS, ImageFacts.progress(further));
        return further;
    }

    private Image ready(Image image, ImageMoved moved) {
        var ready = with(image, Image.State.READY, moved.progress(), moved.bytes(), null, 0, null);
        if (!ready.equals(image)) {
            rows.put(ready);
            rows.tellOfImage(EventType.IMAGE_READY, ImageFacts.ready(ready));
        }
        return ready;
    }

    private Image failed(Image image, ImageMoved moved) {
        var failures = image.failures() + 1;
        // A replica that dies is back at once; a registry that refuses is not asked again in the same breath.
        var nextTry = now.plus(rules.backoff().delay(failures + 1));
        var trouble = moved.trouble() == null ? "nobody knows why" : moved.trouble();
        var text = trouble.length() > MAX_TROUBLE ? trouble.substring(0, MAX_TROUBLE - 1) + "…" : trouble;
        var failed = with(image, Image.State.FAILED, moved.progress(), 0, text, failures, nextTry);
        rows.put(failed);
        rows.tellOfImage(EventType.IMAGE_FAILED, ImageFacts.failed(failed));
        return failed;
    }

    /** Marks an image that nobody uses as one to go. May be repeated. */
    public ImageView delete(String digest) {
        var image = rows.image(digest);
        if (image == null) {
            throw notFound(digest);
        }
        var view = rows.view(image);
        refuseIfUsed(view);
        if (image.state() == Image.State.DELETING) {
            return view;
        }
        var deleting = with(
                image, Image.State.DELETING, image.progress(), image.bytes(), image.trouble(), image.failures(), null);
        rows.put(deleting);
        rows.tellOfImage(EventType.IMAGE_DELETING, ImageFacts.of(deleting));
        return new ImageView(deleting, List.of(), List.of());
    }

    private static void refuseIfUsed(ImageView view) {
        var digest = view.image().digest();
        if (!view.jobs().isEmpty()) {
            throw Draft.conflict(
                    "image_in_use",
                    "image " + digest + " cannot be deleted: job '"
                            + view.jobs().get(0) + "' names it; delete that job first");
        }
        if (!view.vms().isEmpty()) {
            throw Draft.conflict(
                    "image_in_use",
                    "image " + digest + " cannot be deleted: " + view.vms().get(0)
                            + " was booted from it; try again when that VM is gone");
        }
    }

    /** Forgets an image that was to go and whose files are gone. */
    public long removed(String digest) {
        var image = rows.image(digest);
        if (image != null && image.state() == Image.State.DELETING) {
            rows.remove(image);
            rows.tellOfImage(EventType.IMAGE_DELETED, ImageFacts.of(image));
        }
        return rows.seq();
    }

    private static void refuseIfDeleting(Image image) {
        if (image.state() == Image.State.DELETING) {
            throw Draft.conflict(
                    "image_deleting", "image " + image.digest() + " is being deleted: try again when it is gone");
        }
    }

    private static RuntimeException notFound(String name) {
        return Refusal.notFound("image_not_found", "image '" + name + "' does not exist")
                .asException();
    }

    private static Image withNames(Image image, List<String> references) {
        return new Image(
                image.digest(),
                references,
                image.config(),
                image.state(),
                image.progress(),
                image.bytes(),
                image.trouble(),
                image.failures(),
                image.nextTry(),
                image.node(),
                image.createdAt());
    }

    private static Image with(
            Image image,
            Image.State state,
            Image.Progress progress,
            long bytes,
            String trouble,
            int failures,
            Instant nextTry) {
        return new Image(
                image.digest(),
                image.references(),
                image.config(),
                state,
                progress,
                bytes,
                trouble,
                failures,
                nextTry,
                image.node(),
                image.createdAt());
    }
}
