package dev.vmplane.store;

import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.Image;
import dev.vmplane.model.ImageView;
import dev.vmplane.model.MicroVm;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The part of the ledger that knows images: which there are, what each is called, which jobs name it and which VMs boot
 * from it, until nothing is left of them.
 */
public final class Gallery {
    private final NavigableMap<String, Image> images = new TreeMap<>();
    /** Digests by reference. */
    private final Map<String, String> named = new HashMap<>();
    /** Ids of jobs, and of VMs, by digest. */
    private final Map<String, Set<String>> jobs = new HashMap<>();

    private final Map<String, Set<String>> vms = new HashMap<>();

    Gallery() {}

    /** The image of that digest, or null. */
    public Image image(String digest) {
        return images.get(digest);
    }

    /** The image that is called so, or null. */
    public Image named(String reference) {
        var digest = named.get(reference);
        return digest == null ? null : images.get(digest);
    }

    /** What a job boots from, or null when that is a file. */
    Image of(DesiredVm job) {
        return job.spec().boot().image().map(this::image).orElse(null);
    }

    Set<String> jobsNaming(String digest) {
        return Collections.unmodifiableSet(jobs.getOrDefault(digest, Set.of()));
    }

    Set<String> vmsBootedFrom(String digest) {
        return Collections.unmodifiableSet(vms.getOrDefault(digest, Set.of()));
    }

    public ImageView view(Image image) {
        return new ImageView(
                image, List.copyOf(jobsNaming(image.digest())), List.copyOf(vmsBootedFrom(image.digest())));
    }

    /** In the order of their digests, from the one behind {@code after} on, which may be null. */
    public List<ImageView> after(String after, int limit) {
        return Ledger.after(images, after).values().stream()
                .limit(limit)
                .map(this::view)
                .toList();
    }

    void put(Image image) {
        remove(images.get(image.digest()));
        images.put(image.digest(), image);
        image.references().forEach(reference -> named.put(reference, image.digest()));
    }

    void remove(Image known) {
        var image = known == null ? null : images.remove(known.digest());
        if (image != null) {
            // A name that has moved to another image in the same commit is that one's already.
            image.references().forEach(reference -> named.remove(reference, image.digest()));
        }
    }

    void name(DesiredVm job) {
        job.spec().boot().image().ifPresent(digest -> add(jobs, digest, job.jobId()));
    }

    void unname(DesiredVm job) {
        job.spec().boot().image().ifPresent(digest -> remove(jobs, digest, job.jobId()));
    }

    void boot(MicroVm vm) {
        vm.boot().image().ifPresent(digest -> add(vms, digest, vm.vmId()));
    }

    void unboot(MicroVm vm) {
        vm.boot().image().ifPresent(digest -> remove(vms, digest, vm.vmId()));
    }

    private static void add(Map<String, Set<String>> users, String digest, String id) {
        users.computeIfAbsent(digest, first -> new TreeSet<>()).add(id);
    }

    private static void remove(Map<String, Set<String>> users, String digest, String id) {
        users.computeIfPresent(digest, (same, ids) -> {
            ids.remove(id);
            return ids.isEmpty() ? null : ids;
        });
    }
}
