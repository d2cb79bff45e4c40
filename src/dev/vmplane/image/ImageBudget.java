package dev.vmplane.image;

import dev.vmplane.model.Image;
import dev.vmplane.model.ImageView;
import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Which images are given up when there are too many. */
final class ImageBudget {
    private ImageBudget() {}

    /**
     * The next to go: the oldest that nobody uses, but never the one that came last. Nothing when everything fits, or every
     * image is in use.
     *
     * @param contentBytes what the images are made of takes, beside their root file systems
     */
    static Optional<ImageView> next(Collection<ImageView> images, long contentBytes, long budgetBytes) {
        var rootfsBytes =
                images.stream().mapToLong(view -> view.image().bytes()).sum();
        if (rootfsBytes + contentBytes <= budgetBytes) {
            return Optional.empty();
        }
        var newest = images.stream().max(byAge());
        return images.stream()
                .filter(ImageBudget::idle)
                .filter(view -> newest.map(last -> !view.equals(last)).orElse(true))
                .min(byAge());
    }

    /** Whether nobody would miss the image: it is neither used nor on its way. */
    static boolean idle(ImageView view) {
        return !view.inUse()
                && (view.image().state() == Image.State.READY || view.image().state() == Image.State.FAILED);
    }

    private static Comparator<ImageView> byAge() {
        return Comparator.comparing((ImageView view) -> view.image().createdAt())
                .thenComparing(view -> view.image().digest());
    }
}
